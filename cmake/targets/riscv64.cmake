# 64-bit RISC-V with what every Linux distribution asks for.
set(target_system Linux)
set(target_processor riscv64)
set(target_triple riscv64-linux-gnu)
set(target_flags "-march=rv64gc")
set(target_emulator qemu-riscv64-static)
include(${CMAKE_CURRENT_LIST_DIR}/common.cmake)
