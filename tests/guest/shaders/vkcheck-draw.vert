/*
 * A triangle over the lower left half of the picture, colours in its corners.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#version 450

layout(location = 0) out vec3 shade;

void main()
{
    const vec2 corners[3] = vec2[](vec2(-1, -1), vec2(-1, 1), vec2(1, 1));

    shade = vec3(gl_VertexIndex == 0, gl_VertexIndex == 1,
                 gl_VertexIndex == 2);
    gl_Position = vec4(corners[gl_VertexIndex], 0.5, 1.0);
}
