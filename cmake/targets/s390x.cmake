# IBM Z: big endian.
set(target_system Linux)
set(target_processor s390x)
set(target_triple s390x-linux-gnu)
set(target_flags "-march=z13")
set(target_emulator qemu-s390x-static)
include(${CMAKE_CURRENT_LIST_DIR}/common.cmake)
