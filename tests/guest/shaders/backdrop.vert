/*
 * One triangle that covers the picture, behind everything.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#version 450

layout(location = 0) out vec2 place;

void main()
{
    place = vec2(gl_VertexIndex & 1, gl_VertexIndex >> 1) * 4.0 - 1.0;
    gl_Position = vec4(place, 1.0, 1.0);
}
