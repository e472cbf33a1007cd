# What the toolchain files of cmake/targets/ share. A file sets
#   target_system       CMAKE_SYSTEM_NAME
#   target_processor    CMAKE_SYSTEM_PROCESSOR
#   target_triple       prefix of Debian's cross tools, and clang's --target; none: the host's tools
#   target_flags        flags of the processor
#   target_link_flags   flags for linking, if there are any
#   target_emulator     what runs a program of the target; none: the host does
# and includes this. The user chooses by -D
#   TOPHASH_TARGET_COMPILER   gcc (default), or a clang by name such as clang-14
#   TOPHASH_TARGET_STATIC     ON (default where a program is emulated): programs need no loader, which
#                             starts faster, and cannot meet the system's own libraries for the target
# Sanitizers need dynamic programs; then the emulator is shown the target's libraries.
set(TOPHASH_TARGET_COMPILER gcc CACHE STRING "gcc, or a clang by name")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES TOPHASH_TARGET_COMPILER TOPHASH_TARGET_STATIC
    TOPHASH_SANITIZE)

set(CMAKE_SYSTEM_NAME ${target_system})
set(CMAKE_SYSTEM_PROCESSOR ${target_processor})
if(TOPHASH_TARGET_COMPILER MATCHES "^clang")
    set(CMAKE_C_COMPILER ${TOPHASH_TARGET_COMPILER})
    set(CMAKE_C_COMPILER_TARGET ${target_triple})
elseif(target_triple)
    set(CMAKE_C_COMPILER ${target_triple}-${TOPHASH_TARGET_COMPILER})
else()
    set(CMAKE_C_COMPILER ${TOPHASH_TARGET_COMPILER})
endif()
if(target_triple)
    set(CMAKE_OBJDUMP /usr/bin/${target_triple}-objdump CACHE FILEPATH "")
endif()
set(CMAKE_C_FLAGS_INIT "${target_flags}")

if(target_triple)
    set(CMAKE_FIND_ROOT_PATH /usr/${target_triple})
    set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
    set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
    set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
endif()
set(CMAKE_EXE_LINKER_FLAGS_INIT "${target_link_flags}")
set(CMAKE_SHARED_LINKER_FLAGS_INIT "${target_link_flags}")
if(target_emulator)
    set(TOPHASH_TARGET_STATIC ON CACHE BOOL "Programs need no loader")
    if(TOPHASH_TARGET_STATIC AND NOT TOPHASH_SANITIZE MATCHES "address|thread")
        string(APPEND CMAKE_EXE_LINKER_FLAGS_INIT " -static")
        set(CMAKE_CROSSCOMPILING_EMULATOR ${target_emulator})
    else()
        set(CMAKE_CROSSCOMPILING_EMULATOR ${target_emulator} -L /usr/${target_triple})
    endif()
endif()
