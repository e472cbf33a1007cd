# 64-bit Arm as compilers build it by default: atomic operations in helpers that ask the processor.
set(target_system Linux)
set(target_processor aarch64)
set(target_triple aarch64-linux-gnu)
set(target_flags "-march=armv8-a -moutline-atomics")
set(target_emulator qemu-aarch64-static -cpu max)
include(${CMAKE_CURRENT_LIST_DIR}/common.cmake)
