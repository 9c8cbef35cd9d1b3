// SPDX-License-Identifier: Apache-2.0
// OpenSSL 3, and its macros as functions, which is all that Swift can call.
#ifndef COPENSSL_H
#define COPENSSL_H

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>

// Contexts

static inline void tls_set_versions(SSL_CTX *context, int minimum, int maximum) {
  SSL_CTX_set_min_proto_version(context, minimum);
  SSL_CTX_set_max_proto_version(context, maximum);
}

// Writes may be cut into records, sent from memory that moved, and leave no buffer behind.
static inline void tls_set_modes(SSL_CTX *context) {
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
}

static inline void tls_prefer_own_ciphers(SSL_CTX *context) {
  SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
}

static inline void tls_disable_session_cache(SSL_CTX *context) {
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
}

// New sessions are told to the callback of the context, and kept nowhere else.
static inline void tls_keep_client_sessions(SSL_CTX *context) {
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
}

static inline void tls_limit_certificates(SSL_CTX *context, long bytes) {
  SSL_CTX_set_max_cert_list(context, bytes);
}

static inline int tls_add_chain_certificate(SSL_CTX *context, X509 *certificate) {
  return (int)SSL_CTX_add1_chain_cert(context, certificate);
}

static inline void tls_on_server_name(SSL_CTX *context, int (*callback)(SSL *, int *, void *),
                                      void *argument) {
  SSL_CTX_set_tlsext_servername_callback(context, callback);
  SSL_CTX_set_tlsext_servername_arg(context, argument);
}

static inline int tls_send_server_name(SSL *connection, const char *name) {
  return (int)SSL_set_tlsext_host_name(connection, name);
}

// Transport

static inline void tls_retry_read(BIO *bio) {
  BIO_clear_retry_flags(bio);
  BIO_set_retry_read(bio);
}

static inline void tls_clear_retry(BIO *bio) { BIO_clear_retry_flags(bio); }

// Certificates

// Copies the name at `index` among a certificate's DNS names; its length, or -1 behind the last.
static inline int tls_dns_name(const X509 *certificate, int index, char *buffer, int size) {
  int length = -1, seen = 0;
  GENERAL_NAMES *names =
      (GENERAL_NAMES *)X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
  if (!names) return -1;
  for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
    if (name->type != GEN_DNS || seen++ != index) continue;
    length = ASN1_STRING_length(name->d.dNSName);
    if (length > size) length = 0;
    memcpy(buffer, ASN1_STRING_get0_data(name->d.dNSName), (size_t)length);
    break;
  }
  GENERAL_NAMES_free(names);
  return length;
}

// Session tickets

typedef struct {
  unsigned char name[16];
  unsigned char cipher[32];
  unsigned char mac[32];
} tls_ticket_key;

// Prepares OpenSSL to seal (1) or open (0) a ticket; 0 when it cannot.
static inline int tls_use_ticket_key(const tls_ticket_key *key, const unsigned char *iv,
                                     EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int seals) {
  char digest[] = "SHA256";
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, (void *)key->mac, sizeof key->mac),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end()};
  return EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, key->cipher, iv, seals) &&
         EVP_MAC_CTX_set_params(mac, parameters);
}

#endif
