#include "trace/trace-ui_vulkan.h"
