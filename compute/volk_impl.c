/* The one place where volk's loader is compiled. */
#define VOLK_IMPLEMENTATION
#include <volk.h>
