# 64-bit x86, the baseline of the matrix.
set(target_system Linux)
set(target_processor x86_64)
set(target_triple "")
set(target_flags "")
set(target_emulator "")
include(${CMAKE_CURRENT_LIST_DIR}/common.cmake)
