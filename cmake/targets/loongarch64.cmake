# LoongArch, compiled only (the goal tophash_objects): Debian 12 has no C library for it. The headers are
# those of 64-bit Arm, which has the same widths, the same generic system calls, and no header of its
# own in what we include.
set(target_system Linux)
set(target_processor loongarch64)
set(target_triple loongarch64-linux-gnu)
set(target_flags "-isystem /usr/aarch64-linux-gnu/include")
set(target_emulator "")
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_OBJDUMP /usr/bin/llvm-objdump-19 CACHE FILEPATH "")
include(${CMAKE_CURRENT_LIST_DIR}/common.cmake)
