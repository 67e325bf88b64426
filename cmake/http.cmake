# What src/http is linked with: OpenSSL and nghttp2, as archives, since the command is static. Where one is missing, a
# file in the place of its users says so: ASHLAR_LEFT_OUT has what is not built, ASHLAR_HTTP_LINK what
# ashlar_libraries is told of the rest.
set(ASHLAR_LEFT_OUT)
set(ASHLAR_HTTP_LINK)

find_path(ASHLAR_OPENSSL_INCLUDE openssl/ssl.h)
find_library(ASHLAR_LIBSSL libssl.a)
find_library(ASHLAR_LIBCRYPTO libcrypto.a)
if(ASHLAR_OPENSSL_INCLUDE AND ASHLAR_LIBSSL AND ASHLAR_LIBCRYPTO)
  list(APPEND ASHLAR_LEFT_OUT http/no_tls.cc)
  list(APPEND ASHLAR_HTTP_LINK LINK http ${ASHLAR_LIBSSL} LINK http ${ASHLAR_LIBCRYPTO})
else()
  message(STATUS "OpenSSL is missing (package libssl-dev): HTTP has no TLS")
  list(APPEND ASHLAR_LEFT_OUT http/tls.cc)
endif()

find_path(ASHLAR_NGHTTP2_INCLUDE nghttp2/nghttp2.h)
find_library(ASHLAR_NGHTTP2 libnghttp2.a)
if(ASHLAR_NGHTTP2_INCLUDE AND ASHLAR_NGHTTP2)
  list(APPEND ASHLAR_LEFT_OUT http/no_http2.cc)
  list(APPEND ASHLAR_HTTP_LINK LINK http ${ASHLAR_NGHTTP2})
else()
  message(STATUS "nghttp2 is missing (package libnghttp2-dev): HTTP/2 is not spoken")
  list(APPEND ASHLAR_LEFT_OUT http/http2_connection.cc)
endif()
