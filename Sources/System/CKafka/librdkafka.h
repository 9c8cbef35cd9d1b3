// SPDX-License-Identifier: Apache-2.0
// librdkafka with numbers, bytes and our own small structures in place of its unions, lists of
// arguments and tables. Its clients, queues, events and lists are opaque, and errors are plain
// numbers: the server's from 1 on, librdkafka's own below 0.
#ifndef CKAFKA_H
#define CKAFKA_H

#include <fcntl.h>
#include <librdkafka/rdkafka.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

// Bytes that belong to somebody else; start is NULL where there are none at all.
typedef struct {
  const void *start;
  size_t count;
} kafka_bytes;

// Settings and clients

// Settings of a client that says what happens by events, and nothing on standard error.
static inline rd_kafka_conf_t *kafka_settings(void) {
  rd_kafka_conf_t *settings = rd_kafka_conf_new();
  rd_kafka_conf_set_log_cb(settings, NULL);
  rd_kafka_conf_set_events(settings, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR |
                                         RD_KAFKA_EVENT_FETCH | RD_KAFKA_EVENT_REBALANCE |
                                         RD_KAFKA_EVENT_OFFSET_COMMIT);
  return settings;
}

// 0, or -1 with librdkafka's words.
static inline int kafka_set(rd_kafka_conf_t *settings, const char *name, const char *value,
                            char *words, size_t room) {
  return rd_kafka_conf_set(settings, name, value, words, room) == RD_KAFKA_CONF_OK ? 0 : -1;
}

// A client, which has the settings then; NULL with librdkafka's words, and the settings are gone.
static inline rd_kafka_t *kafka_client(rd_kafka_conf_t *settings, int consumes, char *words,
                                       size_t room) {
  rd_kafka_type_t type = consumes ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER;
  rd_kafka_t *client = rd_kafka_new(type, settings, words, room);
  if (!client) rd_kafka_conf_destroy(settings);
  return client;
}

// An empty queue, which rings the bell when it is no longer that.
static inline rd_kafka_queue_t *kafka_queue(rd_kafka_t *client, int bell) {
  rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
  rd_kafka_queue_io_event_enable(queue, bell, "", 1);
  return queue;
}

// What happens to a client, apart from the messages that it reads.
static inline rd_kafka_queue_t *kafka_happenings(rd_kafka_t *client, int consumes, int bell) {
  rd_kafka_queue_t *queue = kafka_queue(client, bell);
  rd_kafka_queue_t *own = rd_kafka_queue_get_main(client);
  rd_kafka_queue_forward(own, queue);
  rd_kafka_queue_destroy(own);
  if (consumes && (own = rd_kafka_queue_get_consumer(client))) {
    rd_kafka_queue_forward(own, queue);
    rd_kafka_queue_destroy(own);
  }
  return queue;
}

// The bell is rung no more.
static inline void kafka_remove_queue(rd_kafka_queue_t *queue) {
  rd_kafka_queue_io_event_enable(queue, -1, NULL, 0);
  rd_kafka_queue_destroy(queue);
}

// Ends a client; what it has not sent is gone. A consumer that did not leave its group before does
// not do so now.
static inline void kafka_destroy(rd_kafka_t *client) {
  rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

// Waits for a broker that answers: 0, or why there is none.
static inline int kafka_reach(rd_kafka_t *client, int milliseconds) {
  const struct rd_kafka_metadata *metadata = NULL;
  int code = rd_kafka_metadata(client, 0, NULL, &metadata, milliseconds);
  if (!code) rd_kafka_metadata_destroy(metadata);
  return code;
}

static inline const char *kafka_name(int code) {
  return rd_kafka_err2name((rd_kafka_resp_err_t)code);
}

static inline const char *kafka_words(int code) {
  return rd_kafka_err2str((rd_kafka_resp_err_t)code);
}

// Events

#define KAFKA_NOTHING 0
#define KAFKA_OTHER 1
#define KAFKA_ERROR 2
#define KAFKA_REPORTS 3
#define KAFKA_MESSAGES 4
#define KAFKA_ASSIGNED 5
#define KAFKA_REVOKED 6
#define KAFKA_COMMITTED 7

typedef struct {
  int kind;
  int code;
  int is_fatal;
  // Valid until the event is released.
  const char *words;
  // NULL when there is none.
  rd_kafka_event_t *event;
} kafka_event;

// What is there, without waiting. It may be NOTHING while more is left: something that librdkafka
// kept for itself.
static inline kafka_event kafka_next(rd_kafka_queue_t *queue) {
  kafka_event next = {KAFKA_NOTHING, 0, 0, "", rd_kafka_queue_poll(queue, 0)};
  if (!next.event) return next;
  next.kind = KAFKA_OTHER;
  next.code = rd_kafka_event_error(next.event);
  if (next.code) next.words = rd_kafka_event_error_string(next.event);
  switch (rd_kafka_event_type(next.event)) {
    case RD_KAFKA_EVENT_DR: next.kind = KAFKA_REPORTS; break;
    case RD_KAFKA_EVENT_FETCH: next.kind = KAFKA_MESSAGES; break;
    case RD_KAFKA_EVENT_OFFSET_COMMIT: next.kind = KAFKA_COMMITTED; break;
    case RD_KAFKA_EVENT_REBALANCE:
      next.kind = next.code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS ? KAFKA_ASSIGNED
                                                                     : KAFKA_REVOKED;
      break;
    case RD_KAFKA_EVENT_ERROR:
      next.kind = KAFKA_ERROR;
      next.is_fatal = rd_kafka_event_error_is_fatal(next.event);
      break;
    default: break;
  }
  if (!next.words) next.words = "";
  return next;
}

static inline void kafka_release(rd_kafka_event_t *event) { rd_kafka_event_destroy(event); }

static inline int kafka_has_more(rd_kafka_queue_t *queue) {
  return rd_kafka_queue_length(queue) > 0;
}

// What ended the client for good; 0 when nothing did.
static inline int kafka_fatal_error(rd_kafka_t *client, char *words, size_t room) {
  return rd_kafka_fatal_error(client, words, room);
}

// Messages

// A message that came, or a report about one that was sent; its bytes are valid until the event is
// released.
typedef struct {
  int code;
  // 1 when the server has stored it.
  int is_stored;
  uintptr_t token;
  const char *topic;
  int32_t partition;
  int64_t offset;
  kafka_bytes key;
  kafka_bytes payload;
  const void *message;
} kafka_record;

// The event's next message; 0 when there is none.
static inline int kafka_next_record(rd_kafka_event_t *event, kafka_record *record) {
  const rd_kafka_message_t *message = rd_kafka_event_message_next(event);
  if (!message) return 0;
  record->code = message->err;
  record->is_stored =
      !message->err && rd_kafka_message_status(message) == RD_KAFKA_MSG_STATUS_PERSISTED;
  record->token = (uintptr_t)message->_private;
  record->topic = message->rkt ? rd_kafka_topic_name(message->rkt) : "";
  record->partition = message->partition;
  record->offset = message->offset;
  record->key.start = message->key;
  record->key.count = message->key ? message->key_len : 0;
  record->payload.start = message->payload;
  record->payload.count = message->payload ? message->len : 0;
  record->message = message;
  return 1;
}

// The header of that number; 0 when there is none.
static inline int kafka_header(const void *message, size_t number, const char **name,
                               kafka_bytes *value) {
  rd_kafka_headers_t *headers = NULL;
  if (rd_kafka_message_headers((const rd_kafka_message_t *)message, &headers) || !headers) return 0;
  return !rd_kafka_header_get_all(headers, number, name, &value->start, &value->count);
}

static inline rd_kafka_headers_t *kafka_headers(size_t count) {
  return rd_kafka_headers_new(count);
}

static inline void kafka_add_header(rd_kafka_headers_t *headers, const char *name,
                                    kafka_bytes value) {
  rd_kafka_header_add(headers, name, -1, value.start ? value.start : "", (ssize_t)value.count);
}

// Copies a message into the client's queue, without waiting: 0, or why not. The headers are gone
// either way. An empty payload is one: none at all would delete the key's messages in a compacted
// topic.
static inline int kafka_publish(rd_kafka_t *client, const char *topic, kafka_bytes key,
                                kafka_bytes payload, rd_kafka_headers_t *headers,
                                uintptr_t token) {
  int code = rd_kafka_producev(
      client, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
      RD_KAFKA_V_KEY(key.start ? key.start : "", key.count),
      RD_KAFKA_V_VALUE((void *)(payload.start ? payload.start : ""), payload.count),
      RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE((void *)token), RD_KAFKA_V_END);
  if (code) rd_kafka_headers_destroy(headers);
  return code;
}

// Groups

// Partitions with offsets.
typedef struct kafka_list kafka_list;

static inline kafka_list *kafka_partitions(int count) {
  return (kafka_list *)rd_kafka_topic_partition_list_new(count);
}

static inline void kafka_add_partition(kafka_list *list, const char *topic, int32_t partition,
                                       int64_t offset) {
  rd_kafka_topic_partition_list_add((rd_kafka_topic_partition_list_t *)list, topic, partition)
      ->offset = offset;
}

static inline void kafka_remove_partitions(kafka_list *list) {
  rd_kafka_topic_partition_list_destroy((rd_kafka_topic_partition_list_t *)list);
}

// 0, or why the topics cannot be read.
static inline int kafka_subscribe(rd_kafka_t *client, const kafka_list *topics) {
  return rd_kafka_subscribe(client, (const rd_kafka_topic_partition_list_t *)topics);
}

// The place of that number in an event's list; 0 when there is none. Offset and code are those of
// that partition.
static inline int kafka_place(rd_kafka_event_t *event, int number, kafka_record *place) {
  rd_kafka_topic_partition_list_t *list = rd_kafka_event_topic_partition_list(event);
  if (!list || number >= list->cnt) return 0;
  memset(place, 0, sizeof *place);
  place->topic = list->elems[number].topic;
  place->partition = list->elems[number].partition;
  place->offset = list->elems[number].offset;
  place->code = list->elems[number].err;
  return 1;
}

// Reads the partitions of the event, their messages into the queue.
static inline int kafka_assign(rd_kafka_t *client, rd_kafka_event_t *event,
                               rd_kafka_queue_t *messages) {
  rd_kafka_topic_partition_list_t *list = rd_kafka_event_topic_partition_list(event);
  for (int i = 0; list && i < list->cnt; i++) {
    rd_kafka_queue_t *own = rd_kafka_queue_get_partition(client, list->elems[i].topic,
                                                         list->elems[i].partition);
    if (!own) continue;
    rd_kafka_queue_forward(own, messages);
    rd_kafka_queue_destroy(own);
  }
  return rd_kafka_assign(client, list);
}

static inline int kafka_unassign(rd_kafka_t *client) { return rd_kafka_assign(client, NULL); }

// Whether the partitions belong to somebody else already.
static inline int kafka_has_lost(rd_kafka_t *client) { return rd_kafka_assignment_lost(client); }

// Asks the group to remember the offsets; the answer is an event of the queue.
static inline int kafka_commit(rd_kafka_t *client, const kafka_list *offsets,
                               rd_kafka_queue_t *answers) {
  return rd_kafka_commit_queue(client, (const rd_kafka_topic_partition_list_t *)offsets, answers,
                               NULL, NULL);
}

// Begins to leave the group; what that needs comes through the queue. 0, or why not.
static inline int kafka_leave(rd_kafka_t *client, rd_kafka_queue_t *queue) {
  rd_kafka_error_t *error = rd_kafka_consumer_close_queue(client, queue);
  if (!error) return 0;
  int code = rd_kafka_error_code(error);
  rd_kafka_error_destroy(error);
  return code;
}

static inline int kafka_has_left(rd_kafka_t *client) { return rd_kafka_consumer_closed(client); }

// Waiting

// A pipe that nobody waits for when it is full; 0 on success.
static inline int kafka_make_bell(int *reading, int *writing) {
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

static inline void kafka_remove_bell(int reading, int writing) {
  close(reading);
  close(writing);
}

static inline void kafka_ring(int bell) {
  char mark = 0;
  long unused = write(bell, &mark, 1);
  (void)unused;
}

// Until somebody rings or the time is over; below 0 there is no time.
static inline void kafka_wait(int bell, int milliseconds) {
  struct pollfd waiting = {bell, POLLIN, 0};
  poll(&waiting, 1, milliseconds);
}

// Forgets what was rung.
static inline void kafka_calm(int bell) {
  char marks[64];
  while (read(bell, marks, sizeof marks) == (long)sizeof marks) {
  }
}

#endif
