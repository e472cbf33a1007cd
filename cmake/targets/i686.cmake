# 32-bit x86, run by the 64-bit processor itself: gcc-12-multilib, which stands beside cross compilers
# (gcc-multilib does not).
set(target_system Linux)
set(target_processor i686)
set(target_triple "")
set(target_flags "-m32 -march=i686 -msse2 -mfpmath=sse")
set(target_emulator "")
include(${CMAKE_CURRENT_LIST_DIR}/common.cmake)
