# POWER, little endian.
set(target_system Linux)
set(target_processor ppc64le)
set(target_triple powerpc64le-linux-gnu)
set(target_flags "-mcpu=power8")
set(target_emulator qemu-ppc64le-static -cpu power9)
include(${CMAKE_CURRENT_LIST_DIR}/common.cmake)
