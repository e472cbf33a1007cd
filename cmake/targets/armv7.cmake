# 32-bit Arm, hard float.
set(target_system Linux)
set(target_processor armv7)
set(target_triple arm-linux-gnueabihf)
set(target_flags "-march=armv7-a+fp")
set(target_emulator qemu-arm-static -cpu cortex-a15)
include(${CMAKE_CURRENT_LIST_DIR}/common.cmake)
