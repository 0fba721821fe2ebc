/*
 * The solid's surface: bands of colour along it, one lamp, light from the
 * sky and from the floor, a highlight and a bright rim.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#version 450
#extension GL_GOOGLE_include_directive : require
#include "frame.glsl"

layout(location = 0) in vec3 world_position;
layout(location = 1) in vec3 world_normal;
layout(location = 2) in vec2 surface;

layout(location = 0) out vec4 colour;

const float TURN = 6.28318531;

vec3 paint()
{
    vec3 base = 0.5 + 0.5 * cos(TURN * (surface.x + vec3(0.02, 0.30, 0.58)));
    float stripe = abs(fract(surface.x * 24.0 + surface.y) - 0.5) * 2.0;
    float edge = fwidth(surface.x * 24.0) + 0.08;

    return mix(base * base, base * base * 0.30,
               smoothstep(0.62 - edge, 0.62 + edge, stripe));
}

void main()
{
    vec3 eye = frame.eye.xyz;
    vec3 n = normalize(world_normal);
    vec3 v;
    vec3 light;

    /* In the mirror the surface is seen from where the eye's image is. */
    if (frame.eye.w == SOLID_MIRRORED) {
        eye.y = -eye.y;
    }
    v = normalize(eye - world_position);

    float diffuse = max(dot(n, lamp), 0.0);
    float shine = pow(max(dot(n, normalize(lamp + v)), 0.0), 60.0);
    float rim = pow(1.0 - max(dot(n, v), 0.0), 3.0);

    light = mix(vec3(0.10, 0.08, 0.09), vec3(0.20, 0.24, 0.34),
                0.5 + 0.5 * n.y);
    light += vec3(1.15, 1.08, 0.96) * diffuse;
    colour = vec4(to_display(paint() * light + vec3(0.85) * shine +
                             vec3(0.18, 0.26, 0.42) * rim), 1.0);
}
