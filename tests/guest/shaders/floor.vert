/*
 * The floor: one large square around the origin, from the vertex number.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#version 450
#extension GL_GOOGLE_include_directive : require
#include "frame.glsl"

layout(location = 0) out vec3 world_position;

const float REACH = 24.0;

void main()
{
    vec2 corner = vec2(gl_VertexIndex & 1, gl_VertexIndex >> 1) * 2.0 - 1.0;

    world_position = vec3(corner.x * REACH, 0.0, corner.y * REACH);
    gl_Position = frame.view_projection * vec4(world_position, 1.0);
}
