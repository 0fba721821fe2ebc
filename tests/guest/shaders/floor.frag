/*
 * A polished chequered floor under a spot of light.  What is behind it, the
 * solid's reflection, shines through; far away it fades into the backdrop.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#version 450
#extension GL_GOOGLE_include_directive : require
#include "frame.glsl"

layout(location = 0) in vec3 world_position;

layout(location = 0) out vec4 colour;

/* 0 on one kind of tile, 1 on the other, blurred where tiles get small. */
float chequer(vec2 at)
{
    vec2 width = max(fwidth(at), vec2(1e-4));
    vec2 wave = abs(fract(at * 0.5) * 2.0 - 1.0) - 0.5;
    vec2 side = clamp(wave * 2.0 / width, -1.0, 1.0);
    float fade = clamp(1.5 - max(width.x, width.y), 0.0, 1.0);

    return 0.5 + 0.5 * side.x * side.y * fade;
}

void main()
{
    float away = length(world_position.xz);
    float spot = exp(-away * away * 0.042);
    float lit = frame.eye.w == SOLID_FLATTENED ? 0.16 : 1.0;
    float tile = chequer(world_position.xz);
    vec3 eye_to = normalize(frame.eye.xyz - world_position);
    float mirror = 0.24 + 0.45 * pow(1.0 - max(eye_to.y, 0.0), 3.0);
    vec3 base = mix(vec3(0.020, 0.024, 0.040), vec3(0.34, 0.38, 0.48), tile);
    float fade = 1.0 - smoothstep(5.0, 16.0, away);

    colour = vec4(to_display(base * (0.035 + 1.20 * spot * lit)),
                  (1.0 - mirror) * fade);
}
