# The library: shared, static, and static with tiny geometry for tests.
string(TOLOWER ${CMAKE_SYSTEM_NAME} system_name)
if(NOT IS_DIRECTORY ${PROJECT_SOURCE_DIR}/src/port/${system_name})
    set(system_name posix)
endif()
file(GLOB library_sources CONFIGURE_DEPENDS
    ${PROJECT_SOURCE_DIR}/src/*/*.c ${PROJECT_SOURCE_DIR}/src/port/${system_name}/*.c)

# One source is compiled for processors with AVX; the library asks at run time before it calls it.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$" AND CMAKE_SIZEOF_VOID_P EQUAL 8)
    set_source_files_properties(${PROJECT_SOURCE_DIR}/src/map/map_wide.c PROPERTIES
        COMPILE_OPTIONS "-mavx;-mbmi;-mprfchw")
endif()

# One set of objects for both forms. Internal names are hidden, which a static link does not mind:
# tests reach them, programs that link the shared library cannot.
add_library(tophash_objects OBJECT ${library_sources})
target_include_directories(tophash_objects
    PUBLIC ${PROJECT_SOURCE_DIR}/include PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(tophash_objects PRIVATE tophash_flags)

set(version_script ${PROJECT_SOURCE_DIR}/cmake/tophash.map)
foreach(form SHARED STATIC)
    string(TOLOWER tophash_${form} target)
    add_library(${target} ${form} $<TARGET_OBJECTS:tophash_objects>)
    set_target_properties(${target} PROPERTIES OUTPUT_NAME tophash)
    target_include_directories(${target} PUBLIC
        $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
        $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    target_link_libraries(${target} PUBLIC Threads::Threads
        PRIVATE $<BUILD_INTERFACE:tophash_flags>)
endforeach()
set_target_properties(tophash_static PROPERTIES LINKER_LANGUAGE C)
set_target_properties(tophash_shared PROPERTIES LINKER_LANGUAGE C EXPORT_NAME tophash
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
    LINK_DEPENDS ${version_script})
target_link_options(tophash_shared PRIVATE LINKER:--version-script=${version_script})
add_library(tophash::tophash ALIAS tophash_shared)
add_library(tophash::tophash_static ALIAS tophash_static)

# Tests that look into a room see its headers and the flags of its geometry.
add_library(tophash_internal INTERFACE)
target_include_directories(tophash_internal INTERFACE
    ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
target_link_libraries(tophash_internal INTERFACE tophash_static tophash_flags)

# The library with tiny geometry and a hook at each step of a write, and the same as it reads where
# no wider load than 64 bits is whole: on other targets, and for race detectors, which see no other.
# Made if a test wants them. Coverage cannot merge the two: functions stand in two places.
if(TOPHASH_TESTS AND NOT TOPHASH_FUZZ)
    set(tiny_libraries tophash_tiny)
    if(NOT TOPHASH_SANITIZE AND NOT TOPHASH_COVERAGE)
        list(APPEND tiny_libraries tophash_tiny_portable)
    endif()
    foreach(name ${tiny_libraries})
        add_library(${name} STATIC EXCLUDE_FROM_ALL ${library_sources})
        target_compile_definitions(${name} PUBLIC TH_MAP_TINY=1 TH_CACHE_TINY=1
            THI_TEST_POINTS=1)
        target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR}/include
            ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
        target_link_libraries(${name} PUBLIC tophash_flags)
    endforeach()
    if(TARGET tophash_tiny_portable)
        target_compile_definitions(tophash_tiny_portable PUBLIC TH_LINE_PORTABLE=1)
    endif()
endif()
