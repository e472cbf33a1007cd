# Warnings, sanitizers and what the system offers, as interface targets.
include(CheckIncludeFile)
find_package(Threads REQUIRED)

add_library(tophash_flags INTERFACE)
target_compile_options(tophash_flags INTERFACE
    $<$<COMPILE_LANGUAGE:C>:-Wall;-Wextra;-Wpedantic;-Wshadow;-Wconversion;-Wstrict-prototypes>
    $<$<COMPILE_LANGUAGE:C>:-Wmissing-prototypes;-Wcast-qual;-Wvla>
    $<$<AND:$<COMPILE_LANGUAGE:C>,$<BOOL:${TOPHASH_WERROR}>>:-Werror>
    -fno-strict-overflow -fno-common)
target_compile_definitions(tophash_flags INTERFACE _GNU_SOURCE)
target_link_libraries(tophash_flags INTERFACE Threads::Threads)

# Instrumentation and -O1 confuse gcc's flow analysis; the release build has this warning.
if(CMAKE_C_COMPILER_ID STREQUAL GNU AND (TOPHASH_SANITIZE OR CMAKE_BUILD_TYPE STREQUAL Debug))
    target_compile_options(tophash_flags INTERFACE -Wno-maybe-uninitialized)
endif()
if(TOPHASH_SANITIZE)
    target_compile_options(tophash_flags INTERFACE -fsanitize=${TOPHASH_SANITIZE}
        -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(tophash_flags INTERFACE -fsanitize=${TOPHASH_SANITIZE})
    # gcc warns of every fence, which its thread sanitizer does not model; atomic.h deals with that.
    if(TOPHASH_SANITIZE MATCHES thread AND CMAKE_C_COMPILER_ID STREQUAL GNU)
        target_compile_options(tophash_flags INTERFACE -Wno-tsan)
    endif()
endif()
if(TOPHASH_COVERAGE)
    target_compile_options(tophash_flags INTERFACE --coverage -fprofile-update=atomic)
    target_link_options(tophash_flags INTERFACE --coverage)
endif()

check_include_file(sys/sdt.h TOPHASH_HAVE_SDT)
if(TOPHASH_HAVE_SDT)
    target_compile_definitions(tophash_flags INTERFACE TH_HAVE_SDT=1)
endif()
