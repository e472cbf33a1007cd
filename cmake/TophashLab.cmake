# The lab: experiments on the machine at hand. lab/faults/ are programs that are broken on purpose; the
# command gives them away as texts, with the header they include put in its place.
file(GLOB lab_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/lab/*.c)
file(GLOB lab_faults CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/lab/faults/*.c)
set(lab_header ${PROJECT_SOURCE_DIR}/lab/faults/small_table.h)

# Lines as C strings, in the variable `result`. A semicolon would end a list item: it is hidden.
function(tophash_lab_strings text result)
    string(REPLACE ";" "\\;" text "${text}")
    string(REPLACE "\\" "\\\\" text "${text}")
    string(REPLACE "\\\\;" ";" text "${text}")
    string(REPLACE "\"" "\\\"" text "${text}")
    string(REGEX REPLACE "([^\n]*)\n" "    \"\\1\\\\n\",\n" text "${text}")
    set(${result} "${text}" PARENT_SCOPE)
endfunction()

set(lab_texts "/* Made by cmake/TophashLab.cmake of lab/faults/. */\n#include \"lab/detect.h\"\n\n")
set(lab_table "")
set(lab_count 0)
file(READ ${lab_header} lab_included)
foreach(fault ${lab_faults})
    get_filename_component(name ${fault} NAME_WE)
    file(READ ${fault} text)
    string(REPLACE "#include \"small_table.h\"\n" "${lab_included}" text "${text}")
    tophash_lab_strings("${text}" strings)
    string(APPEND lab_texts "static const char *const lines_${lab_count}[] = {\n${strings}    0};\n")
    string(APPEND lab_table "    {\"${name}\", lines_${lab_count}},\n")
    math(EXPR lab_count "${lab_count} + 1")
endforeach()
string(APPEND lab_texts "const struct thi_lab_source thi_lab_sources[] = {\n${lab_table}};\n"
    "const size_t thi_lab_source_count = ${lab_count};\n")
file(CONFIGURE OUTPUT generated/lab_sources.c CONTENT "@lab_texts@" @ONLY)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${lab_faults} ${lab_header})

add_library(tophash_lab STATIC ${lab_sources} ${PROJECT_BINARY_DIR}/generated/lab_sources.c)
target_include_directories(tophash_lab PUBLIC ${PROJECT_SOURCE_DIR})
target_link_libraries(tophash_lab PUBLIC tophash_static m PRIVATE tophash_flags)

# A build without the other tools has a command that is the lab alone: it runs under an emulator.
if(TARGET tophash_command)
    target_link_libraries(tophash_command PRIVATE tophash_lab)
else()
    file(CONFIGURE OUTPUT generated/lab_command/subcommands.inc CONTENT "TH_SUBCOMMAND(lab)\n" @ONLY)
    add_executable(tophash_lab_command
        ${PROJECT_SOURCE_DIR}/tools/main.c ${PROJECT_SOURCE_DIR}/tools/cmd_lab.c)
    set_target_properties(tophash_lab_command PROPERTIES OUTPUT_NAME tophash)
    target_include_directories(tophash_lab_command PRIVATE ${PROJECT_SOURCE_DIR}/tools
        ${PROJECT_BINARY_DIR}/generated/lab_command)
    target_link_libraries(tophash_lab_command PRIVATE tophash_lab tophash_flags)
endif()
