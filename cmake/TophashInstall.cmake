# What `cmake --install` puts where: headers, both libraries, the command, package files, man pages.
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/tophash)

install(DIRECTORY include/tophash DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN *.h)
install(TARGETS tophash_shared tophash_static EXPORT tophash_targets
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TOPHASH_TOOLS)
    install(TARGETS tophash_command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(EXPORT tophash_targets NAMESPACE tophash:: DESTINATION ${package_dir})

configure_package_config_file(cmake/tophash-config.cmake.in
    ${PROJECT_BINARY_DIR}/tophash-config.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/tophash-config-version.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/tophash-config.cmake
    ${PROJECT_BINARY_DIR}/tophash-config-version.cmake DESTINATION ${package_dir})

# The prefix is found from where the file stands: `cmake --install --prefix` may choose any.
file(RELATIVE_PATH pc_to_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(cmake/tophash.pc.in ${PROJECT_BINARY_DIR}/tophash.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/tophash.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

foreach(section 1 3)
    file(GLOB pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/man/*.${section})
    install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()
install(FILES LICENSE README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
