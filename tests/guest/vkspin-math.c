/*
 * Geometry whose results are the same bit for bit on every machine.  The
 * build turns off contraction of a * b + c, which rounds once instead of
 * twice where the processor can.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <math.h>

#include "vkspin-math.h"

SpinVec spin_add(SpinVec a, SpinVec b)
{
    return (SpinVec) { a.x + b.x, a.y + b.y, a.z + b.z };
}

SpinVec spin_sub(SpinVec a, SpinVec b)
{
    return (SpinVec) { a.x - b.x, a.y - b.y, a.z - b.z };
}

SpinVec spin_scale(SpinVec v, double by)
{
    return (SpinVec) { v.x * by, v.y * by, v.z * by };
}

double spin_dot(SpinVec a, SpinVec b)
{
    return a.x * b.x + a.y * b.y + a.z * b.z;
}

SpinVec spin_cross(SpinVec a, SpinVec b)
{
    return (SpinVec) {
        a.y * b.z - a.z * b.y,
        a.z * b.x - a.x * b.z,
        a.x * b.y - a.y * b.x,
    };
}

SpinVec spin_normal(SpinVec v)
{
    /* IEEE 754 demands that sqrt is rounded correctly */
    return spin_scale(v, 1.0 / sqrt(spin_dot(v, v)));
}

/* The power series, for up to an eighth of a turn */
static double spin_sin_small(double turns)
{
    double x = turns * 6.283185307179586;
    double term = x;
    double sum = x;

    for (int i = 2; i <= 14; i += 2) {
        term = -term * x * x / (i * (i + 1));
        sum += term;
    }
    return sum;
}

static double spin_cos_small(double turns)
{
    double x = turns * 6.283185307179586;
    double term = 1.0;
    double sum = 1.0;

    for (int i = 1; i <= 15; i += 2) {
        term = -term * x * x / (i * (i + 1));
        sum += term;
    }
    return sum;
}

double spin_sin(double turns)
{
    long eighths;
    double rest;

    /* All of this is exact: quarters of a turn are binary fractions */
    turns -= (long)turns;
    if (turns < 0) {
        turns += 1.0;
    }
    eighths = (long)(turns * 8.0);
    rest = turns - ((eighths + 1) / 2) * 0.25;
    switch (((eighths + 1) / 2) % 4) {
    case 0:
        return spin_sin_small(rest);
    case 1:
        return spin_cos_small(rest);
    case 2:
        return -spin_sin_small(rest);
    default:
        return -spin_cos_small(rest);
    }
}

double spin_cos(double turns)
{
    return spin_sin(turns + 0.25);
}

SpinMatrix spin_multiply(const SpinMatrix *a, const SpinMatrix *b)
{
    SpinMatrix out;

    for (int col = 0; col < 4; col++) {
        for (int row = 0; row < 4; row++) {
            double sum = 0;

            for (int i = 0; i < 4; i++) {
                sum += a->m[i][row] * b->m[col][i];
            }
            out.m[col][row] = sum;
        }
    }
    return out;
}

SpinMatrix spin_look_at(SpinVec eye, SpinVec target)
{
    SpinVec back = spin_normal(spin_sub(eye, target));
    SpinVec right = spin_normal(spin_cross((SpinVec) { 0, 1, 0 }, back));
    SpinVec up = spin_cross(back, right);

    return (SpinMatrix) { {
        { right.x, up.x, back.x, 0 },
        { right.y, up.y, back.y, 0 },
        { right.z, up.z, back.z, 0 },
        { -spin_dot(right, eye), -spin_dot(up, eye), -spin_dot(back, eye), 1 },
    } };
}

SpinMatrix spin_perspective(double zoom, double aspect, double near,
                            double far)
{
    return (SpinMatrix) { {
        { zoom / aspect, 0, 0, 0 },
        { 0, -zoom, 0, 0 },
        { 0, 0, far / (near - far), -1 },
        { 0, 0, near * far / (near - far), 0 },
    } };
}
