/*
 * Geometry whose results are the same bit for bit on every machine: only
 * operations that IEEE 754 rounds in one way, in double precision, and no
 * function of the C library.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef VKSPIN_MATH_H
#define VKSPIN_MATH_H

typedef struct SpinVec {
    double x, y, z;
} SpinVec;

/* Column-major, as shaders want it. */
typedef struct SpinMatrix {
    double m[4][4];
} SpinMatrix;

SpinVec spin_add(SpinVec a, SpinVec b);
SpinVec spin_sub(SpinVec a, SpinVec b);
SpinVec spin_scale(SpinVec v, double by);
double spin_dot(SpinVec a, SpinVec b);
SpinVec spin_cross(SpinVec a, SpinVec b);
SpinVec spin_normal(SpinVec v);

/* Sine and cosine of an angle in turns: 1 is all the way round. */
double spin_sin(double turns);
double spin_cos(double turns);

SpinMatrix spin_multiply(const SpinMatrix *a, const SpinMatrix *b);

/* From world to camera, y up. */
SpinMatrix spin_look_at(SpinVec eye, SpinVec target);

/*
 * Vulkan's clip space (y down, depth 0 to 1).  @zoom is 1 / tan of half the
 * vertical field of view.
 */
SpinMatrix spin_perspective(double zoom, double aspect, double near,
                            double far);

#endif
