# 64-bit Arm with LSE and weaker acquire loads (RCpc); clang 19 makes use of them, gcc 12 does not.
set(target_system Linux)
set(target_processor aarch64)
set(target_triple aarch64-linux-gnu)
set(target_flags "-march=armv8.3-a")
set(target_emulator qemu-aarch64-static -cpu max)
include(${CMAKE_CURRENT_LIST_DIR}/common.cmake)
