/*
 * virtio-gpu Venus backend: the Vulkan loader's environment in the server
 *
 * Which driver and which layers the render server finds.  Knows files and
 * variables, neither Vulkan nor the server.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_DISPLAY_VENUS_VULKAN_ENV_H
#define HW_DISPLAY_VENUS_VULKAN_ENV_H

/* Driver manifests that were rewritten: files of ours. */
typedef struct VenusManifests VenusManifests;

/* layer-path.c */

/**
 * venus_layer_find - the manifest of the shared-memory layer
 * @looked: where it was looked for is appended, for a message
 *
 * Return: a path, the caller's to free; NULL where there is none.
 */
char *venus_layer_find(GString *looked);

/**
 * venus_layer_enable - have the loader load the shared-memory layer
 * @envp: an environment, taken over
 * @manifest: from venus_layer_find()
 * @mode: what the layer is to do, "auto" or "shm"
 *
 * It comes before all layers that the variables name already: those are
 * between it and the driver.
 *
 * Return: the new environment, the caller's.
 */
char **venus_layer_enable(char **envp, const char *manifest, const char *mode);

/* driver-manifest.c */

/**
 * venus_driver_find - MoltenVK's manifest where packages install it
 * @root: put before the places, "" but for tests
 * @envp: VULKAN_SDK and HOME are looked at
 *
 * Return: a path, the caller's to free; NULL where there is none, or where
 * @envp says already which drivers to use.
 */
char *venus_driver_find(const char *root, char **envp);

/**
 * venus_driver_enable - point the loader at drivers that it would drop
 * @envp: an environment, taken over
 * @root: as for venus_driver_find()
 * @manifests: set to what has to stay until the server has ended, or NULL
 *
 * virglrenderer does not ask for portability drivers, and the loader drops
 * those whose manifest says that they are: such manifests are replaced by
 * equivalent ones that do not.  What cannot be read is left to the loader.
 *
 * Return: the new environment, the caller's.
 */
char **venus_driver_enable(char **envp, const char *root,
                           VenusManifests **manifests);

/** venus_manifests_free - delete the files; NULL is allowed */
void venus_manifests_free(VenusManifests *manifests);

#endif
