# 32-bit x86, run by the 64-bit processor itself: gcc-12-multilib, which stands beside cross compilers
# (gcc-multilib does not).
set(target_system Linux)
set(target_processor i686)
set(target_triple "")
# The kernel's headers of the 64-bit system say the same for both; they stand where -m32 does not look.
set(target_flags "-m32 -idirafter /usr/include/x86_64-linux-gnu -march=i686 -msse2 -mfpmath=sse -Wno-psabi")
set(target_emulator "")
include(${CMAKE_CURRENT_LIST_DIR}/common.cmake)
