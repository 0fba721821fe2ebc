/*
 * Each word of the output is a known function of its index and its input.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#version 450

layout(local_size_x = 64) in;

layout(set = 0, binding = 0) readonly buffer Input {
    uint words[];
} from;

layout(set = 0, binding = 1) writeonly buffer Output {
    uint words[];
} to;

layout(push_constant) uniform Push {
    uint factor;
} push;

void main()
{
    uint i = gl_GlobalInvocationID.x;

    to.words[i] = from.words[i] * push.factor + (i ^ 0x5a5a5a5au);
}
