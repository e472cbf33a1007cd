# The server room: the cache server as a library, for the command and for its tests.
file(GLOB server_sources CONFIGURE_DEPENDS
    ${PROJECT_SOURCE_DIR}/server/*.c ${PROJECT_SOURCE_DIR}/server/*/*.c)
if(server_sources)
    add_library(tophash_server STATIC ${server_sources})
    target_include_directories(tophash_server PUBLIC
        ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/server)
    target_link_libraries(tophash_server PUBLIC tophash_static PRIVATE tophash_flags)
endif()
