# What fuzz targets and property tests share: the library (generator of modules, execution, round trips) and the
# programs round_trip and generated_modules.
if(TARGET fuzz_support)
  return()
endif()
file(GLOB support CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/support/*.cc)
add_library(fuzz_support STATIC EXCLUDE_FROM_ALL ${support})
set_target_properties(fuzz_support PROPERTIES ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/folders)
target_include_directories(fuzz_support PUBLIC ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include
                                               ${CMAKE_CURRENT_LIST_DIR})
target_link_libraries(fuzz_support PUBLIC ${ASHLAR_LIBRARIES})
add_executable(round_trip EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/tests/fuzz/round_trip.cc)
add_executable(generated_modules EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/tools/generated_modules.cc)
target_link_libraries(round_trip PRIVATE fuzz_support)
target_link_libraries(generated_modules PRIVATE fuzz_support)
