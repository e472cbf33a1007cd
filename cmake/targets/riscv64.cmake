# 64-bit RISC-V with what every Linux distribution asks for.
set(target_system Linux)
set(target_processor riscv64)
set(target_triple riscv64-linux-gnu)
set(target_flags "-march=rv64gc")
set(target_emulator qemu-riscv64-static)
# From clang 17 on debug information has relocations that Debian 12's linker crashes on.
if(TOPHASH_TARGET_COMPILER MATCHES "^clang-(1[7-9]|[2-9][0-9])")
    set(target_link_flags -fuse-ld=lld)
endif()
include(${CMAKE_CURRENT_LIST_DIR}/common.cmake)
