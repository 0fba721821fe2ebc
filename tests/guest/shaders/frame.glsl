/*
 * What every shader of vkspin gets with each draw; SpinPush in
 * vkspin-scene.h is the same in C.  The floor is the plane y = 0.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
layout(push_constant) uniform Frame {
    mat4 view_projection;
    vec4 rotation;      /* of the solid, a unit quaternion */
    vec4 eye;           /* w: how the solid is drawn, SOLID_... */
    vec4 centre;        /* of the solid; w: width / height of the picture */
} frame;

#define SOLID_UPRIGHT   0.0     /* as it is */
#define SOLID_MIRRORED  1.0     /* below the floor, for the reflection */
#define SOLID_FLATTENED 2.0     /* onto the floor, for the shadow */

/* Towards the lamp: far enough away for its rays to be parallel. */
const vec3 lamp = vec3(0.42, 0.83, 0.36);

vec3 to_display(vec3 linear)
{
    return pow(clamp(linear, 0.0, 1.0), vec3(1.0 / 2.2));
}
