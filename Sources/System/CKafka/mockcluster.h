// SPDX-License-Identifier: Apache-2.0
// librdkafka's mock cluster: brokers on loopback that speak Kafka's protocol and keep everything in
// memory, for tests.
#ifndef CKAFKA_MOCK_H
#define CKAFKA_MOCK_H

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdint.h>

typedef struct {
  rd_kafka_t *client;
  rd_kafka_mock_cluster_t *cluster;
} kafka_mock;

// NULL members where it cannot be made.
static inline kafka_mock kafka_mock_start(int brokers) {
  kafka_mock mock = {NULL, NULL};
  char words[256];
  rd_kafka_conf_t *settings = rd_kafka_conf_new();
  rd_kafka_conf_set_log_cb(settings, NULL);
  mock.client = rd_kafka_new(RD_KAFKA_PRODUCER, settings, words, sizeof words);
  if (!mock.client) {
    rd_kafka_conf_destroy(settings);
    return mock;
  }
  mock.cluster = rd_kafka_mock_cluster_new(mock.client, brokers);
  return mock;
}

static inline void kafka_mock_end(kafka_mock mock) {
  rd_kafka_mock_cluster_destroy(mock.cluster);
  rd_kafka_destroy(mock.client);
}

// Addresses, with commas.
static inline const char *kafka_mock_addresses(kafka_mock mock) {
  return rd_kafka_mock_cluster_bootstraps(mock.cluster);
}

static inline int kafka_mock_create(kafka_mock mock, const char *topic, int partitions,
                                    int replicas) {
  return rd_kafka_mock_topic_create(mock.cluster, topic, partitions, replicas);
}

// Whoever asks for the topic hears that; 0 for nothing.
static inline void kafka_mock_fail_topic(kafka_mock mock, const char *topic, int code) {
  rd_kafka_mock_topic_set_error(mock.cluster, topic, (rd_kafka_resp_err_t)code);
}

// The next requests of that kind come to this, one error each.
static inline void kafka_mock_fail(kafka_mock mock, int16_t request, int code, int times) {
  for (int i = 0; i < times; i++)
    rd_kafka_mock_push_request_errors(mock.cluster, request, 1, (rd_kafka_resp_err_t)code);
}

// The partition has that leader; -1 for none.
static inline int kafka_mock_lead(kafka_mock mock, const char *topic, int32_t partition,
                                  int32_t broker) {
  return rd_kafka_mock_partition_set_leader(mock.cluster, topic, partition, broker);
}

// All brokers.
static inline void kafka_mock_down(kafka_mock mock) {
  rd_kafka_mock_broker_set_down(mock.cluster, -1);
}

static inline void kafka_mock_up(kafka_mock mock) {
  rd_kafka_mock_broker_set_up(mock.cluster, -1);
}

static inline void kafka_mock_delay(kafka_mock mock, int milliseconds) {
  rd_kafka_mock_broker_set_rtt(mock.cluster, -1, milliseconds);
}

#endif
