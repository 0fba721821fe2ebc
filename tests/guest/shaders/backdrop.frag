/*
 * A studio wall: dark, with a soft glow behind the solid.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#version 450
#extension GL_GOOGLE_include_directive : require
#include "frame.glsl"

layout(location = 0) in vec2 place;

layout(location = 0) out vec4 colour;

void main()
{
    vec2 at = (place - vec2(0.0, -0.25)) * vec2(frame.centre.w * 0.62, 1.0);
    float glow = exp(-dot(at, at) * 1.5);

    colour = vec4(to_display(mix(vec3(0.0018, 0.0024, 0.0055),
                                 vec3(0.042, 0.068, 0.150), glow)), 1.0);
}
