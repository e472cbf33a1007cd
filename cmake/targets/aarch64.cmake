# 64-bit Arm as it began: load and store exclusive only, on a processor that knows no more.
set(target_system Linux)
set(target_processor aarch64)
set(target_triple aarch64-linux-gnu)
set(target_flags "-march=armv8-a -mno-outline-atomics")
set(target_emulator qemu-aarch64-static -cpu cortex-a57)
include(${CMAKE_CURRENT_LIST_DIR}/common.cmake)
