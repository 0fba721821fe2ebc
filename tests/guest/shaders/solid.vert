/*
 * The solid: turned, then upright, mirrored in the floor or cast onto it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#version 450
#extension GL_GOOGLE_include_directive : require
#include "frame.glsl"

layout(location = 0) in vec3 position;
layout(location = 1) in vec3 normal;
layout(location = 2) in vec2 along;

layout(location = 0) out vec3 world_position;
layout(location = 1) out vec3 world_normal;
layout(location = 2) out vec2 surface;

vec3 turn(vec3 v)
{
    vec3 axis = frame.rotation.xyz;

    return v + 2.0 * cross(axis, cross(axis, v) + frame.rotation.w * v);
}

void main()
{
    vec3 place = turn(position) + frame.centre.xyz;
    vec3 drawn = place;

    if (frame.eye.w == SOLID_MIRRORED) {
        drawn.y = -place.y;
    } else if (frame.eye.w == SOLID_FLATTENED) {
        drawn = place - lamp * (place.y / lamp.y);
    }
    world_position = frame.eye.w == SOLID_FLATTENED ? drawn : place;
    world_normal = turn(normal);
    surface = along;
    gl_Position = frame.view_projection * vec4(drawn, 1.0);
}
