# cmake --install: command, libraries, headers, CMake package, pkg-config file.
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Ashlar)

set_target_properties(ashlar_shared PROPERTIES EXPORT_NAME ashlar)
install(TARGETS ashlar_shared ashlar_static EXPORT AshlarTargets
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET ashlar)
  install(TARGETS ashlar RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
# The compiler, where the command looks for it: ../lib/ashlar/ashlar-llvm.
if(TARGET ashlar_llvm_program)
  set(program_dir lib/ashlar)
  file(RELATIVE_PATH up /${program_dir} /${CMAKE_INSTALL_LIBDIR})
  set_target_properties(ashlar_llvm_program PROPERTIES INSTALL_RPATH "$ORIGIN/${up}")
  install(TARGETS ashlar_llvm LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(TARGETS ashlar_llvm_program RUNTIME DESTINATION ${program_dir})
endif()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.h" PATTERN "*.def")
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

install(EXPORT AshlarTargets NAMESPACE Ashlar:: DESTINATION ${package_dir})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/AshlarConfig.cmake.in
                              ${PROJECT_BINARY_DIR}/AshlarConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/AshlarConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/AshlarConfig.cmake ${PROJECT_BINARY_DIR}/AshlarConfigVersion.cmake
        DESTINATION ${package_dir})

# The prefix is found from the file's own place, so that the installed tree can move.
file(RELATIVE_PATH pc_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" pc_prefix "${pc_prefix}")
configure_file(${CMAKE_CURRENT_LIST_DIR}/ashlar.pc.in ${PROJECT_BINARY_DIR}/ashlar.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/ashlar.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# Adapters from WASI preview 1, where tools/fetch_adapters.py has put them; `ashlar component new` looks there.
install(DIRECTORY ${PROJECT_BINARY_DIR}/share/ashlar/adapters DESTINATION share/ashlar OPTIONAL
        FILES_MATCHING PATTERN "*.wasm")
