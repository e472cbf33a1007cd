#include "box/box.h"
