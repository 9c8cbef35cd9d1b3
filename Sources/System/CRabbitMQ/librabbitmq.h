// SPDX-License-Identifier: Apache-2.0
// librabbitmq with numbers, bytes and our own small structures in place of unions, times and tables
// of the C library: one channel, number 1, on each connection.
#ifndef CRABBITMQ_H
#define CRABBITMQ_H

#include <amqp.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

// Bytes that belong to somebody else.
typedef struct {
  const void *start;
  size_t count;
} rabbit_bytes;

// How a question ended: status 0 is well, below 0 is librabbitmq's, RABBIT_REFUSED is the server's
// with its code and its words, which are valid until the next call.
typedef struct {
  int status;
  int code;
  rabbit_bytes text;
} rabbit_reply;

#define RABBIT_REFUSED 1
#define RABBIT_BAD_AUTHORITIES 2

static inline rabbit_bytes rabbit_seen(amqp_bytes_t bytes) {
  rabbit_bytes result = {bytes.bytes, bytes.len};
  return result;
}

static inline amqp_bytes_t rabbit_lent(rabbit_bytes bytes) {
  amqp_bytes_t result = {bytes.count, (void *)bytes.start};
  return result;
}

static inline struct timeval rabbit_time(int milliseconds) {
  struct timeval result = {milliseconds / 1000, (milliseconds % 1000) * 1000};
  return result;
}

static inline rabbit_reply rabbit_reply_from(amqp_rpc_reply_t reply) {
  rabbit_reply result = {AMQP_STATUS_UNEXPECTED_STATE, 0, {NULL, 0}};
  if (reply.reply_type == AMQP_RESPONSE_NORMAL) result.status = 0;
  if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION) result.status = reply.library_error;
  if (reply.reply_type != AMQP_RESPONSE_SERVER_EXCEPTION) return result;
  result.status = RABBIT_REFUSED;
  if (reply.reply.id == AMQP_CONNECTION_CLOSE_METHOD) {
    amqp_connection_close_t *close = (amqp_connection_close_t *)reply.reply.decoded;
    result.code = close->reply_code;
    result.text = rabbit_seen(close->reply_text);
  } else if (reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD) {
    amqp_channel_close_t *close = (amqp_channel_close_t *)reply.reply.decoded;
    result.code = close->reply_code;
    result.text = rabbit_seen(close->reply_text);
  }
  return result;
}

static inline rabbit_reply rabbit_last_reply(amqp_connection_state_t connection) {
  return rabbit_reply_from(amqp_get_rpc_reply(connection));
}

// Tables

static inline amqp_table_entry_t rabbit_text_entry(rabbit_bytes name, rabbit_bytes text) {
  amqp_table_entry_t entry;
  entry.key = rabbit_lent(name);
  entry.value.kind = AMQP_FIELD_KIND_UTF8;
  entry.value.value.bytes = rabbit_lent(text);
  return entry;
}

static inline amqp_table_entry_t rabbit_number_entry(rabbit_bytes name, int64_t number) {
  amqp_table_entry_t entry;
  entry.key = rabbit_lent(name);
  entry.value.kind = AMQP_FIELD_KIND_I64;
  entry.value.value.i64 = number;
  return entry;
}

static inline amqp_table_entry_t rabbit_flag_entry(rabbit_bytes name, int flag) {
  amqp_table_entry_t entry;
  entry.key = rabbit_lent(name);
  entry.value.kind = AMQP_FIELD_KIND_BOOLEAN;
  entry.value.value.boolean = flag;
  return entry;
}

static inline rabbit_bytes rabbit_entry_name(amqp_table_entry_t entry) {
  return rabbit_seen(entry.key);
}

// 1 with the bytes of a text.
static inline int rabbit_entry_text(amqp_table_entry_t entry, rabbit_bytes *text) {
  if (entry.value.kind != AMQP_FIELD_KIND_UTF8 && entry.value.kind != AMQP_FIELD_KIND_BYTES)
    return 0;
  *text = rabbit_seen(entry.value.value.bytes);
  return 1;
}

// 1 with the value of an integer.
static inline int rabbit_entry_number(amqp_table_entry_t entry, int64_t *number) {
  switch (entry.value.kind) {
    case AMQP_FIELD_KIND_I8: *number = entry.value.value.i8; return 1;
    case AMQP_FIELD_KIND_U8: *number = entry.value.value.u8; return 1;
    case AMQP_FIELD_KIND_I16: *number = entry.value.value.i16; return 1;
    case AMQP_FIELD_KIND_U16: *number = entry.value.value.u16; return 1;
    case AMQP_FIELD_KIND_I32: *number = entry.value.value.i32; return 1;
    case AMQP_FIELD_KIND_U32: *number = entry.value.value.u32; return 1;
    case AMQP_FIELD_KIND_I64: *number = entry.value.value.i64; return 1;
    default: return 0;
  }
}

// Connecting

struct ssl_ctx_st;
int SSL_CTX_set_default_verify_paths(struct ssl_ctx_st *context);

// 0, librabbitmq's status, or RABBIT_BAD_AUTHORITIES. Without authorities the system's are taken.
static inline int rabbit_open(amqp_connection_state_t connection, const char *host, int port,
                              int is_secure, const char *authorities, int milliseconds) {
  struct timeval time = rabbit_time(milliseconds);
  amqp_socket_t *socket =
      is_secure ? amqp_ssl_socket_new(connection) : amqp_tcp_socket_new(connection);
  if (!socket) return AMQP_STATUS_NO_MEMORY;
  if (is_secure) {
    amqp_ssl_socket_set_verify_peer(socket, 1);
    amqp_ssl_socket_set_verify_hostname(socket, 1);
    amqp_ssl_socket_set_ssl_versions(socket, AMQP_TLSv1_2, AMQP_TLSvLATEST);
    if (authorities) {
      if (amqp_ssl_socket_set_cacert(socket, authorities)) return RABBIT_BAD_AUTHORITIES;
    } else {
      SSL_CTX_set_default_verify_paths(
          (struct ssl_ctx_st *)amqp_ssl_socket_get_context(socket));
    }
  }
  return amqp_socket_open_noblock(socket, host, port, &time);
}

static inline void rabbit_limit_answers(amqp_connection_state_t connection, int milliseconds) {
  struct timeval time = rabbit_time(milliseconds);
  amqp_set_handshake_timeout(connection, &time);
  amqp_set_rpc_timeout(connection, &time);
}

static inline rabbit_reply rabbit_login(amqp_connection_state_t connection,
                                        const char *virtual_host, int heartbeat_seconds,
                                        const char *name, const char *user,
                                        const char *password) {
  rabbit_bytes blocked = {"connection.blocked", 18}, cancelled = {"consumer_cancel_notify", 22},
               confirms = {"publisher_confirms", 18}, nack = {"basic.nack", 10},
               capabilities = {"capabilities", 12}, shown = {"connection_name", 15},
               product = {"product", 7}, named = {name, strlen(name)},
               strangler = {"strangler", 9};
  amqp_table_entry_t can[4] = {rabbit_flag_entry(blocked, 1), rabbit_flag_entry(cancelled, 1),
                               rabbit_flag_entry(confirms, 1), rabbit_flag_entry(nack, 1)};
  amqp_table_entry_t entries[3] = {rabbit_text_entry(product, strangler),
                                   rabbit_text_entry(shown, named)};
  entries[2].key = rabbit_lent(capabilities);
  entries[2].value.kind = AMQP_FIELD_KIND_TABLE;
  entries[2].value.value.table.num_entries = 4;
  entries[2].value.value.table.entries = can;
  amqp_table_t properties = {3, entries};
  return rabbit_reply_from(amqp_login_with_properties(
      connection, virtual_host, 16, AMQP_DEFAULT_FRAME_SIZE, heartbeat_seconds, &properties,
      AMQP_SASL_METHOD_PLAIN, user, password));
}

// Setting up

static inline rabbit_reply rabbit_open_channel(amqp_connection_state_t connection) {
  amqp_channel_open(connection, 1);
  return rabbit_last_reply(connection);
}

static inline rabbit_reply rabbit_ask_for_confirms(amqp_connection_state_t connection) {
  amqp_confirm_select(connection, 1);
  return rabbit_last_reply(connection);
}

// After the server has closed the channel, which it does when what was looked for is not there.
static inline rabbit_reply rabbit_open_channel_again(amqp_connection_state_t connection) {
  amqp_channel_close_ok_t accepted = {0};
  int status = amqp_send_method(connection, 1, AMQP_CHANNEL_CLOSE_OK_METHOD, &accepted);
  if (status) {
    rabbit_reply lost = {status, 0, {NULL, 0}};
    return lost;
  }
  return rabbit_open_channel(connection);
}

// Passive only looks whether it is there.
static inline rabbit_reply rabbit_declare_exchange(amqp_connection_state_t connection,
                                                   const char *name, const char *type,
                                                   int is_passive) {
  amqp_exchange_declare(connection, 1, amqp_cstring_bytes(name), amqp_cstring_bytes(type),
                        is_passive, 1, 0, 0, amqp_empty_table);
  return rabbit_last_reply(connection);
}

static inline rabbit_reply rabbit_declare_queue(amqp_connection_state_t connection,
                                                const char *name, int is_passive,
                                                amqp_table_entry_t *entries, int count) {
  amqp_table_t arguments = {count, entries};
  amqp_queue_declare(connection, 1, amqp_cstring_bytes(name), is_passive, 1, 0, 0, arguments);
  return rabbit_last_reply(connection);
}

static inline rabbit_reply rabbit_bind(amqp_connection_state_t connection, const char *queue,
                                       const char *exchange, const char *key) {
  amqp_queue_bind(connection, 1, amqp_cstring_bytes(queue), amqp_cstring_bytes(exchange),
                  amqp_cstring_bytes(key), amqp_empty_table);
  return rabbit_last_reply(connection);
}

// At most `prefetch` messages come that are not acknowledged.
static inline rabbit_reply rabbit_consume(amqp_connection_state_t connection, const char *queue,
                                          int prefetch) {
  amqp_basic_qos(connection, 1, 0, (uint16_t)prefetch, 0);
  rabbit_reply reply = rabbit_last_reply(connection);
  if (reply.status) return reply;
  amqp_basic_consume(connection, 1, amqp_cstring_bytes(queue), amqp_empty_bytes, 0, 0, 0,
                     amqp_empty_table);
  return rabbit_last_reply(connection);
}

// Sending

typedef struct {
  rabbit_bytes exchange;
  rabbit_bytes routing_key;
  rabbit_bytes message_id;
  rabbit_bytes content_type;
  rabbit_bytes type;
  amqp_table_entry_t *headers;
  int header_count;
  rabbit_bytes body;
} rabbit_message;

// A persistent message that must reach a queue. 0, or librabbitmq's status: then nothing more can
// be sent on the connection.
static inline int rabbit_publish(amqp_connection_state_t connection,
                                 const rabbit_message *message) {
  amqp_basic_properties_t properties;
  memset(&properties, 0, sizeof properties);
  properties._flags = AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG |
                      AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_HEADERS_FLAG;
  properties.delivery_mode = AMQP_DELIVERY_PERSISTENT;
  properties.message_id = rabbit_lent(message->message_id);
  properties.content_type = rabbit_lent(message->content_type);
  properties.headers.num_entries = message->header_count;
  properties.headers.entries = message->headers;
  if (message->type.count) {
    properties._flags |= AMQP_BASIC_TYPE_FLAG;
    properties.type = rabbit_lent(message->type);
  }
  return amqp_basic_publish(connection, 1, rabbit_lent(message->exchange),
                            rabbit_lent(message->routing_key), 1, 0, &properties,
                            rabbit_lent(message->body));
}

static inline int rabbit_acknowledge(amqp_connection_state_t connection, uint64_t tag) {
  return amqp_basic_ack(connection, 1, tag, 0);
}

// Never to come again: it goes to the queue's dead letters.
static inline int rabbit_reject(amqp_connection_state_t connection, uint64_t tag) {
  return amqp_basic_reject(connection, 1, tag, 0);
}

// Receiving

typedef enum {
  RABBIT_OTHER,
  RABBIT_ACK,
  RABBIT_NACK,
  RABBIT_RETURN,
  RABBIT_DELIVERY,
  RABBIT_PROPERTIES,
  RABBIT_BODY,
  RABBIT_CANCELLED,
  RABBIT_BLOCKED,
  RABBIT_UNBLOCKED,
  RABBIT_CHANNEL_CLOSED,
  RABBIT_CONNECTION_CLOSED,
} rabbit_event_kind;

// What a frame says. Bytes and entries are valid until `rabbit_release`.
typedef struct {
  rabbit_event_kind kind;
  uint64_t tag;
  // Of acknowledgements: all up to the tag. Of deliveries: not for the first time.
  int flag;
  // The server's number and words.
  int code;
  rabbit_bytes text;
  rabbit_bytes routing_key;
  // Of the whole content.
  uint64_t size;
  rabbit_bytes message_id;
  rabbit_bytes content_type;
  const amqp_table_entry_t *headers;
  int header_count;
  rabbit_bytes body;
} rabbit_event;

static inline void rabbit_read_method(const amqp_method_t *method, rabbit_event *event) {
  switch (method->id) {
    case AMQP_BASIC_ACK_METHOD: {
      const amqp_basic_ack_t *ack = (const amqp_basic_ack_t *)method->decoded;
      event->kind = RABBIT_ACK;
      event->tag = ack->delivery_tag;
      event->flag = ack->multiple;
      return;
    }
    case AMQP_BASIC_NACK_METHOD: {
      const amqp_basic_nack_t *nack = (const amqp_basic_nack_t *)method->decoded;
      event->kind = RABBIT_NACK;
      event->tag = nack->delivery_tag;
      event->flag = nack->multiple;
      return;
    }
    case AMQP_BASIC_RETURN_METHOD: {
      const amqp_basic_return_t *returned = (const amqp_basic_return_t *)method->decoded;
      event->kind = RABBIT_RETURN;
      event->code = returned->reply_code;
      event->text = rabbit_seen(returned->reply_text);
      event->routing_key = rabbit_seen(returned->routing_key);
      return;
    }
    case AMQP_BASIC_DELIVER_METHOD: {
      const amqp_basic_deliver_t *delivery = (const amqp_basic_deliver_t *)method->decoded;
      event->kind = RABBIT_DELIVERY;
      event->tag = delivery->delivery_tag;
      event->flag = delivery->redelivered;
      event->routing_key = rabbit_seen(delivery->routing_key);
      return;
    }
    case AMQP_BASIC_CANCEL_METHOD: event->kind = RABBIT_CANCELLED; return;
    case AMQP_CONNECTION_BLOCKED_METHOD:
      event->kind = RABBIT_BLOCKED;
      event->text = rabbit_seen(((const amqp_connection_blocked_t *)method->decoded)->reason);
      return;
    case AMQP_CONNECTION_UNBLOCKED_METHOD: event->kind = RABBIT_UNBLOCKED; return;
    case AMQP_CHANNEL_CLOSE_METHOD: {
      const amqp_channel_close_t *close = (const amqp_channel_close_t *)method->decoded;
      event->kind = RABBIT_CHANNEL_CLOSED;
      event->code = close->reply_code;
      event->text = rabbit_seen(close->reply_text);
      return;
    }
    case AMQP_CONNECTION_CLOSE_METHOD: {
      const amqp_connection_close_t *close = (const amqp_connection_close_t *)method->decoded;
      event->kind = RABBIT_CONNECTION_CLOSED;
      event->code = close->reply_code;
      event->text = rabbit_seen(close->reply_text);
      return;
    }
    default: return;
  }
}

// The next frame that is there, without waiting for one: 0 with the event, AMQP_STATUS_TIMEOUT when
// there is none, or why the connection is over. Sends and watches heartbeats, so that it has to be
// called more often than those are due.
static inline int rabbit_next(amqp_connection_state_t connection, rabbit_event *event) {
  amqp_frame_t frame;
  struct timeval now = {0, 0};
  memset(event, 0, sizeof *event);
  int status = amqp_simple_wait_frame_noblock(connection, &frame, &now);
  if (status) return status;
  if (frame.frame_type == AMQP_FRAME_METHOD) {
    rabbit_read_method(&frame.payload.method, event);
  } else if (frame.frame_type == AMQP_FRAME_HEADER) {
    const amqp_basic_properties_t *properties =
        (const amqp_basic_properties_t *)frame.payload.properties.decoded;
    event->kind = RABBIT_PROPERTIES;
    event->size = frame.payload.properties.body_size;
    if (properties->_flags & AMQP_BASIC_MESSAGE_ID_FLAG)
      event->message_id = rabbit_seen(properties->message_id);
    if (properties->_flags & AMQP_BASIC_CONTENT_TYPE_FLAG)
      event->content_type = rabbit_seen(properties->content_type);
    if (properties->_flags & AMQP_BASIC_HEADERS_FLAG) {
      event->headers = properties->headers.entries;
      event->header_count = properties->headers.num_entries;
    }
  } else if (frame.frame_type == AMQP_FRAME_BODY) {
    event->kind = RABBIT_BODY;
    event->body = rabbit_seen(frame.payload.body_fragment);
  }
  return 0;
}

// Ends what events lent.
static inline void rabbit_release(amqp_connection_state_t connection) {
  amqp_maybe_release_buffers(connection);
}

// Answers that the connection was closed by the server.
static inline void rabbit_accept_close(amqp_connection_state_t connection) {
  amqp_connection_close_ok_t accepted = {0};
  amqp_send_method(connection, 0, AMQP_CONNECTION_CLOSE_OK_METHOD, &accepted);
}

// Waiting

// A pipe that nobody waits for when it is full; 0 on success.
static inline int rabbit_make_bell(int *reading, int *writing) {
  int ends[2];
  if (pipe(ends)) return -1;
  for (int i = 0; i < 2; i++) {
    fcntl(ends[i], F_SETFL, O_NONBLOCK);
    fcntl(ends[i], F_SETFD, FD_CLOEXEC);
  }
  *reading = ends[0];
  *writing = ends[1];
  return 0;
}

static inline void rabbit_remove_bell(int reading, int writing) {
  close(reading);
  close(writing);
}

static inline void rabbit_ring(int bell) {
  char mark = 0;
  long unused = write(bell, &mark, 1);
  (void)unused;
}

// Until the connection has something to read, somebody rings, or the time is over.
static inline void rabbit_wait(amqp_connection_state_t connection, int bell, int milliseconds) {
  struct pollfd waiting[2] = {{amqp_get_sockfd(connection), POLLIN, 0}, {bell, POLLIN, 0}};
  if (poll(waiting, 2, milliseconds) <= 0 || !(waiting[1].revents & POLLIN)) return;
  char marks[64];
  while (read(bell, marks, sizeof marks) == (long)sizeof marks) {
  }
}

#endif
