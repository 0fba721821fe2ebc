/*
 * The solid of vkspin: a tube along a (2, 3) torus knot.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "prog.h"
#include "vkspin-math.h"
#include "vkspin-scene.h"

enum {
    KNOT_STEPS = 320,           /* along the knot */
    KNOT_SIDES = 28,            /* around the tube */
    KNOT_WINDINGS = 2,          /* around the torus' axis */
    KNOT_LOOPS = 3,             /* through its hole */
    KNOT_VERTICES = (KNOT_STEPS + 1) * (KNOT_SIDES + 1),
    KNOT_INDICES = KNOT_STEPS * KNOT_SIDES * 6,
};

static const double knot_torus_radius = 1.38;
static const double knot_loop_radius = 0.58;
static const double knot_tube_radius = 0.35;

/* Point @at (0 to 1) of the curve; the torus' axis is z. */
static SpinVec knot_curve(double at)
{
    double radius = knot_torus_radius +
                    knot_loop_radius * spin_cos(at * KNOT_LOOPS);

    return (SpinVec) {
        .x = radius * spin_cos(at * KNOT_WINDINGS),
        .y = radius * spin_sin(at * KNOT_WINDINGS),
        .z = knot_loop_radius * spin_sin(at * KNOT_LOOPS),
    };
}

/* The torus' surface under that point looks this way. */
static SpinVec knot_outwards(double at)
{
    double out = spin_cos(at * KNOT_LOOPS);

    return (SpinVec) {
        .x = out * spin_cos(at * KNOT_WINDINGS),
        .y = out * spin_sin(at * KNOT_WINDINGS),
        .z = spin_sin(at * KNOT_LOOPS),
    };
}

static void knot_ring(SpinVertex *ring, unsigned step)
{
    const double ahead = 1.0 / 4096;
    double at = (double)step / KNOT_STEPS;
    SpinVec here = knot_curve(at);
    SpinVec next = knot_curve(at + ahead);
    SpinVec tangent = spin_normal(spin_sub(next, here));
    SpinVec across = spin_normal(spin_cross(tangent, knot_outwards(at)));
    SpinVec normal = spin_cross(across, tangent);

    for (unsigned side = 0; side <= KNOT_SIDES; side++) {
        double around = (double)side / KNOT_SIDES;
        SpinVec n = spin_add(spin_scale(normal, spin_cos(around)),
                             spin_scale(across, spin_sin(around)));
        SpinVec p = spin_add(here, spin_scale(n, knot_tube_radius));

        ring[side] = (SpinVertex) {
            .position = { p.x, p.y, p.z },
            .normal = { n.x, n.y, n.z },
            .along = { at, around },
        };
    }
}

static void knot_strip(uint16_t *to, unsigned step)
{
    const unsigned ring = KNOT_SIDES + 1;

    for (unsigned side = 0; side < KNOT_SIDES; side++) {
        unsigned here = step * ring + side;
        const unsigned corners[6] = {
            here, here + ring, here + 1,
            here + 1, here + ring, here + ring + 1,
        };

        for (unsigned i = 0; i < PROG_COUNT(corners); i++) {
            *to++ = corners[i];
        }
    }
}

void spin_knot_init(SpinScene *scene)
{
    const VkMemoryPropertyFlags host = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
                                       VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
    SpinVertex *vertices;
    uint16_t *indices;

    gpu_must(gpu_buffer_init(scene->gpu, &scene->vertices,
                             KNOT_VERTICES * sizeof(SpinVertex),
                             VK_BUFFER_USAGE_VERTEX_BUFFER_BIT, host),
             "the solid's vertices");
    gpu_must(gpu_buffer_init(scene->gpu, &scene->indices,
                             KNOT_INDICES * sizeof(uint16_t),
                             VK_BUFFER_USAGE_INDEX_BUFFER_BIT, host),
             "the solid's indices");
    vertices = scene->vertices.map;
    indices = scene->indices.map;
    for (unsigned step = 0; step <= KNOT_STEPS; step++) {
        knot_ring(vertices + step * (KNOT_SIDES + 1), step);
    }
    for (unsigned step = 0; step < KNOT_STEPS; step++) {
        knot_strip(indices + step * KNOT_SIDES * 6, step);
    }
    scene->index_count = KNOT_INDICES;
}
