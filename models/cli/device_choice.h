/* Which device a command runs on.
 *
 * `--device` takes an index of `penumbra-cli devices`, a UUID or a part of a name. A device chosen
 * so is remembered by its UUID in $XDG_CONFIG_HOME/penumbra/device, and is what later commands
 * without the option use; before that, and when it is gone, they use the best there is.
 */
#pragma once

#include "compute/device.h"

G_BEGIN_DECLS

/* What `--device` says of itself in a command's GOptionEntry. */
#define CLI_DEVICE_HELP "index, UUID or part of a name, see penumbra-cli devices; remembered"

/* Opens the device that `option`, the value of --device or NULL, means. A remembered device that is
 * gone is a note on stderr. Errors: G_OPTION_ERROR for an option that names no usable device, else
 * GPU_ERROR. Free with gpu_device_unref. */
GpuDevice *cli_open_device (const char *option, GError **error);

/* Of the devices of gpu_device_list the index of the one that commands without the option use, or
 * -1. `forgotten` (or NULL) gets the UUID of a remembered device that is not among them, or NULL
 * (g_free). */
int cli_default_device (GPtrArray *infos, char **forgotten);

G_END_DECLS
