# 64-bit Arm with atomic instructions (LSE).
set(target_system Linux)
set(target_processor aarch64)
set(target_triple aarch64-linux-gnu)
set(target_flags "-march=armv8.1-a")
set(target_emulator qemu-aarch64-static -cpu max)
include(${CMAKE_CURRENT_LIST_DIR}/common.cmake)
