# Test programs and scripts, by room. Every test has a time limit; a program adds one for each case.
set(test_timeout_s 200)
if(TOPHASH_SANITIZE OR TOPHASH_COVERAGE OR CMAKE_CROSSCOMPILING_EMULATOR)
    set(test_timeout_s 600)
endif()

# Programs that an emulator runs are told so: what they measure of time and memory is not theirs.
set(test_environment "")
if(CMAKE_CROSSCOMPILING_EMULATOR)
    set(test_environment TOPHASH_TEST_EMULATED=1)
endif()

# Makes the test program `name` of `source`; `library` is what it is linked with.
function(tophash_add_test name source library helpers)
    add_executable(${name} ${source} ${helpers})
    set_target_properties(${name} PROPERTIES
        RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
    target_link_libraries(${name} PRIVATE ${library} ${ARGN})
    add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    set_tests_properties(${name} PROPERTIES TIMEOUT ${test_timeout_s} LABELS ${room}
        ENVIRONMENT "${test_environment}")
endfunction()

# A script exits with 77 to be counted as skipped, having printed why.
function(tophash_add_script name source)
    set(command "")
    if(TOPHASH_TOOLS)
        set(command $<TARGET_FILE:tophash_command>)
    elseif(TARGET tophash_lab_command)
        set(command $<TARGET_FILE:tophash_lab_command>)
    endif()
    list(JOIN CMAKE_CROSSCOMPILING_EMULATOR " " emulator)
    add_test(NAME ${name} COMMAND ${source} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    set_tests_properties(${name} PROPERTIES TIMEOUT ${test_timeout_s} SKIP_RETURN_CODE 77
        ENVIRONMENT "TOPHASH_COMMAND=${command};OBJDUMP=${CMAKE_OBJDUMP};\
TOPHASH_EMULATOR=${emulator};\
TOPHASH_BUILD_DIR=${PROJECT_BINARY_DIR};TOPHASH_SOURCE_DIR=${PROJECT_SOURCE_DIR};\
TOPHASH_SANITIZE=${TOPHASH_SANITIZE};TOPHASH_COVERAGE=${TOPHASH_COVERAGE};CC=${CMAKE_C_COMPILER};\
TOPHASH_BUILD=${CMAKE_C_COMPILER_ID} ${CMAKE_BUILD_TYPE}")
    # The auditor's tests of all compilers and targets (TOPHASH_ARCH): minutes each.
    if(room STREQUAL "audit")
        set_tests_properties(${name} PROPERTIES TIMEOUT 3600)
    endif()
endfunction()

# `path` is a folder of tests/; the room's name has underscores in place of slashes.
function(tophash_add_room path)
    set(folder ${PROJECT_SOURCE_DIR}/tests/${path})
    string(REPLACE "/" "_" room ${path})
    file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.c)
    file(GLOB scripts CONFIGURE_DEPENDS ${folder}/test_*.sh)
    # Scripts run the command or compile for the machine at hand, but for those of src/atomic and of
    # the lab, whose command is there without the tools; rooms that test a tool need the tool.
    if(NOT TOPHASH_TOOLS)
        if(NOT room MATCHES "^(atomic|lab)$")
            set(scripts "")
        endif()
        if(room MATCHES "^(check|tools|audit)")
            return()
        endif()
    endif()
    set(helpers ${sources})
    list(FILTER helpers EXCLUDE REGEX "/(test|tiny|fuzz)_[^/]*$")
    set(extra "")
    if(room STREQUAL server)
        if(NOT TARGET tophash_server)
            return()
        endif()
        set(extra tophash_server)
    elseif(room MATCHES "^check")
        set(extra tophash_check)
    elseif(room STREQUAL lab)
        set(extra tophash_lab)
    endif()
    foreach(source ${sources})
        get_filename_component(file ${source} NAME_WE)
        if(TOPHASH_FUZZ)
            # A fuzzing build holds nothing else: what it links is instrumented for the fuzzer.
            if(file MATCHES "^fuzz_")
                add_executable(${file} ${source} ${helpers})
                target_link_options(${file} PRIVATE -fsanitize=fuzzer)
                target_link_libraries(${file} PRIVATE tophash_internal ${extra})
            endif()
        elseif(file MATCHES "^test_(.*)")
            tophash_add_test(${room}_${CMAKE_MATCH_1} ${source} tophash_internal "${helpers}"
                ${extra})
        elseif(file MATCHES "^tiny_")
            tophash_add_test(${room}_${file} ${source} tophash_tiny "${helpers}")
            if(file MATCHES "^tiny_(obligations|quick|model)$" AND TARGET tophash_tiny_portable
                AND CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
                tophash_add_test(${room}_${file}_portable ${source} tophash_tiny_portable
                    "${helpers}")
            endif()
        endif()
    endforeach()
    foreach(script ${scripts})
        get_filename_component(file ${script} NAME_WE)
        string(REGEX REPLACE "^test_" "" file ${file})
        if(TARGET ${room}_${file})
            string(APPEND file _code)
        endif()
        tophash_add_script(${room}_${file} ${script})
        set_tests_properties(${room}_${file} PROPERTIES LABELS ${room})
    endforeach()
endfunction()

file(GLOB rooms CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/tests
    ${PROJECT_SOURCE_DIR}/tests/* ${PROJECT_SOURCE_DIR}/tests/check/*)
foreach(room ${rooms})
    if(IS_DIRECTORY ${PROJECT_SOURCE_DIR}/tests/${room})
        tophash_add_room(${room})
    endif()
endforeach()

if(TOPHASH_FUZZ)
    return()
endif()

# Examples are programs, compiled against the shared library as a user's would be, and run. Programs
# without a loader take the static one.
set(example_library tophash_shared)
if(CMAKE_EXE_LINKER_FLAGS MATCHES "-static")
    set(example_library tophash_static)
endif()
file(GLOB examples CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/examples/*.c)
foreach(source ${examples})
    get_filename_component(file ${source} NAME_WE)
    add_executable(example_${file} ${source})
    set_target_properties(example_${file} PROPERTIES
        RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/examples OUTPUT_NAME ${file})
    target_link_libraries(example_${file} PRIVATE ${example_library} tophash_flags)
    add_test(NAME example_${file} COMMAND example_${file})
    set_tests_properties(example_${file} PROPERTIES TIMEOUT ${test_timeout_s})
endforeach()
