#include "trace/trace-hw_display_venus.h"
