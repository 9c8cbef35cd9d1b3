// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

// MARK: - Settings every target shares

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("InferIsolatedConformances"),
  .treatAllWarnings(as: .error),
  .treatWarning("DeprecatedDeclaration", as: .warning),
]

/// Folder names double as areas: `STRANGLER_AREAS=Proxy swift test` builds one pillar and what it
/// needs, which on a small machine is the difference between seconds and minutes. Unset means
/// everything.
enum Area: String, CaseIterable {
  case analysis = "Analysis"
  case proxy = "Proxy"
  case messaging = "Messaging"
  case services = "Services"
  case fixtures = "Fixtures"
  case commandLine = "CommandLine"
}

let requestedAreas: [Area] = {
  guard let list = Context.environment["STRANGLER_AREAS"], !list.isEmpty else {
    return Area.allCases
  }
  var areas = list.split(separator: ",").map { name in
    guard let area = Area(rawValue: String(name)) else {
      let known = Area.allCases.map(\.rawValue).joined(separator: ", ")
      fatalError("STRANGLER_AREAS: no area is called \(name); there are \(known)")
    }
    return area
  }
  // The orders service appends to the outbox, and is called.
  for needed in [Area.messaging, .services]
  where areas.contains(.fixtures) && !areas.contains(needed) { areas.append(needed) }
  return areas
}()

func library(
  _ name: String, _ area: Area, _ dependencies: [Target.Dependency] = [],
  resources: [Resource] = []
) -> Target {
  .target(
    name: name, dependencies: dependencies, path: "Sources/\(area.rawValue)/\(name)",
    resources: resources, swiftSettings: settings)
}

func tests(
  _ name: String, _ folder: String, _ dependencies: [Target.Dependency] = [],
  resources: [Resource] = []
) -> Target {
  .testTarget(
    name: name + "Tests", dependencies: dependencies, path: "Tests/\(folder)/\(name)Tests",
    resources: resources, swiftSettings: settings)
}

// MARK: - Third-party products

extension Target.Dependency {
  static let argumentParser = product(name: "ArgumentParser", package: "swift-argument-parser")
  static let asyncHTTPClient = product(name: "AsyncHTTPClient", package: "async-http-client")
  static let collections = product(name: "DequeModule", package: "swift-collections")
  static let crypto = product(name: "Crypto", package: "swift-crypto")
  static let grdb = product(name: "GRDB", package: "GRDB.swift")
  /// The functions of SQLite itself, as GRDB links it.
  static let sqlite = product(name: "GRDBSQLite", package: "GRDB.swift")
  static let grpcInProcess = product(
    name: "GRPCInProcessTransport", package: "grpc-swift-2", condition: .when(traits: ["GRPC"]))
  static let httpTypes = product(name: "HTTPTypes", package: "swift-http-types")
  static let hummingbird = product(name: "Hummingbird", package: "hummingbird")
  static let hummingbirdCore = product(name: "HummingbirdCore", package: "hummingbird")
  static let hummingbirdTesting = product(name: "HummingbirdTesting", package: "hummingbird")
  static let lifecycle = product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
  static let lifecycleTestKit = product(
    name: "ServiceLifecycleTestKit", package: "swift-service-lifecycle")
  static let logging = product(name: "Logging", package: "swift-log")
  static let nioCore = product(name: "NIOCore", package: "swift-nio")
  static let nioPosix = product(name: "NIOPosix", package: "swift-nio")
  static let nioFoundation = product(name: "NIOFoundationCompat", package: "swift-nio")
  static let nioHTTP1 = product(name: "NIOHTTP1", package: "swift-nio")
  static let nioEmbedded = product(name: "NIOEmbedded", package: "swift-nio")
  static let tracing = product(name: "Tracing", package: "swift-distributed-tracing")
  static let swiftParser = product(name: "SwiftParser", package: "swift-syntax")
  static let swiftSyntax = product(name: "SwiftSyntax", package: "swift-syntax")
  static let unixSignals = product(name: "UnixSignals", package: "swift-service-lifecycle")
  static let yams = product(name: "Yams", package: "Yams")
}

extension Target.Dependency {
  /// What the trait of the same name adds.
  static let grpcCore = product(
    name: "GRPCCore", package: "grpc-swift-2", condition: .when(traits: ["GRPC"]))
  static let postgreSQLLibrary = target(
    name: "CPostgreSQL", condition: .when(traits: ["PostgreSQL"]))
  static let natsLibrary = target(name: "CNATS", condition: .when(traits: ["NATS"]))
  static let rabbitMQLibrary = target(
    name: "CRabbitMQ", condition: .when(traits: ["RabbitMQ"]))
  static let kafkaLibrary = target(name: "CKafka", condition: .when(traits: ["Kafka"]))
}

// MARK: - Our targets, one list per area; dependencies point from I/O to pure, never back

let analysis: [Target] = [
  library("DependencyGraph", .analysis),
  .target(name: "CIndexStore", path: "Sources/System/CIndexStore"),
  library(
    "SourceScanning", .analysis, ["CIndexStore", "DependencyGraph", .swiftSyntax, .swiftParser]),
  library(
    "AnalysisReports", .analysis, ["DependencyGraph", "DisplayWidths", .crypto],
    // The report's page is part of the program, as the console's is.
    resources: [
      "cuts.js", "data.js", "graph.js", "matrix.js", "opened.js", "report.css", "services.js",
    ].map { .embedInCode("Page/Parts/\($0)") }),
  .executableTarget(
    name: "scan-benchmark",
    dependencies: ["SourceScanning", "DependencyGraph", .swiftParser, .swiftSyntax],
    path: "Tests/Benchmarks/ScanBenchmark", swiftSettings: settings),
  .executableTarget(
    name: "graph-benchmark", dependencies: ["DependencyGraph", "SourceScanning"],
    path: "Tests/Benchmarks/GraphBenchmark", swiftSettings: settings),
  .target(
    name: "SampleModels", dependencies: ["DependencyGraph"], path: "Tests/Support/SampleModels",
    swiftSettings: settings),
  // What a JSON document has to look like, for the schemas in `fixtures/schemas`.
  .target(
    name: "SchemaValidation", path: "Tests/Support/SchemaValidation", swiftSettings: settings),
  tests("DependencyGraph", "Analysis", ["DependencyGraph", "SampleModels"]),
  tests(
    "FixtureAnalysis", "Analysis",
    ["AnalysisReports", "DependencyGraph", "SchemaValidation", "SourceScanning"]),
  tests(
    "AnalysisReports", "Analysis",
    [
      "AnalysisReports", "DependencyGraph", "DisplayWidths", "SampleModels", "SchemaValidation",
      .crypto,
    ]),
  tests("SourceScanning", "Analysis", ["SourceScanning", "DependencyGraph"]),
  tests(
    "CompilerIndex", "Analysis",
    ["SourceScanning", "DependencyGraph", .swiftParser, .swiftSyntax]),
]

let proxy: [Target] = [
  // Leases of instances that several proxies share.
  library(
    "ServiceLeaseStore", .proxy, ["PostgreSQLClient", "RoutingDecisions", "ServiceLeases"]),
  tests(
    "ServiceLeaseStore", "Proxy",
    [
      "ControlPlane", "RoutingDecisions", "ServerPrograms", "ServiceLeaseStore", "ServiceLeases",
      .logging,
    ]),
  // epoll, eventfd, timerfd and accept4, which Swift's module of the C library leaves out.
  .systemLibrary(name: "CLinuxEvents", path: "Sources/System/CLinuxEvents"),
  .systemLibrary(
    name: "CNghttp2", path: "Sources/System/CNghttp2", pkgConfig: "libnghttp2",
    providers: [.apt(["libnghttp2-dev"]), .brew(["libnghttp2"])]),
  // Only answers that are compared are unpacked, never those that clients get.
  .systemLibrary(
    name: "CZlib", path: "Sources/System/CZlib", pkgConfig: "zlib",
    providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
  library("HTTPExchange", .proxy),
  library("HTTP2Engine", .proxy, ["CNghttp2"]),
  library(
    "RoutingDecisions", .proxy,
    [
      "DataMapping", "DisplayWidths", "GatewayComposition", "GraphQLRequests", "HTTPExchange",
      "ResiliencePolicies", "ShadowComparison", "SpellingSuggestions",
    ]),
  // Answers of several upstreams as one.
  library("GatewayComposition", .proxy, ["JSONDocuments"]),
  // What a GraphQL request asks for, as far as routes tell requests apart by it.
  library("GraphQLRequests", .proxy, ["JSONDocuments"]),
  // The routes as configuration of other proxies.
  library("RouteExports", .proxy, ["ResiliencePolicies", "RoutingDecisions"]),
  library("TLSEngine", .proxy, ["COpenSSL", "RoutingDecisions"]),
  library("ShadowComparison", .proxy, ["JSONDocuments"]),
  // How much of a monolith is left, as the command and the console tell it.
  library("StrangulationMeasures", .proxy),
  library("ContentCodings", .proxy, ["CZlib", "ShadowComparison"]),
  // What clients of an HTTP API rely on: recorded examples, and versions of its description.
  library("HTTPContracts", .proxy, ["JSONDocuments", "ShadowComparison"]),
  library("HTTPContractFiles", .proxy, ["HTTPContracts", "JSONDocuments", .yams]),
  library("SQLiteFiles", .proxy, [.grdb]),
  library("ShadowEvidenceStore", .proxy, ["ShadowComparison", "SQLiteFiles", .grdb, .logging]),
  library(
    "ShadowTraffic", .proxy,
    [
      "ContentCodings", "HTTPContracts", "JSONDocuments", "ShadowComparison",
      "ShadowEvidenceStore", .asyncHTTPClient, .httpTypes, .hummingbird, .hummingbirdCore,
      .lifecycle, .logging, .nioCore, .nioHTTP1,
    ]),
  library(
    "CutoverControl", .proxy,
    ["ResiliencePolicies", "RoutingDecisions", "ShadowComparison", .crypto]),
  library(
    "CutoverJournalStore", .proxy,
    ["CutoverControl", "PostgreSQLClient", "RoutingDecisions", "SQLiteFiles", .grdb]),
  library("ConfigurationFiles", .proxy, ["RoutingDecisions", .yams]),
  library(
    "ProxyDataPlane", .proxy,
    [
      .target(name: "CLinuxEvents", condition: .when(platforms: [.linux])),
      "ContentCodings", "CutoverControl", "GatewayComposition", "GraphQLRequests", "HTTP2Engine",
      "HTTPExchange", "ResiliencePolicies", "RoutingDecisions", "ShadowComparison", "TLSEngine",
      .httpTypes, .lifecycle, .logging, .nioCore, .nioPosix, .collections,
    ]),
  library(
    "HummingbirdModule", .proxy,
    ["ProxyDataPlane", .hummingbird, .httpTypes, .logging, .nioCore]),
  library(
    "ControlPlane", .proxy,
    [
      "CutoverControl", "CutoverJournalStore", "JSONDocuments", "ProxyDataPlane",
      "RoutingDecisions", "ServiceLeaseStore", "ServiceLeases", "ServiceTracing",
      "ShadowComparison", "ShadowEvidenceStore",
      "StrangulationMeasures", "TraceSpans",
      .asyncHTTPClient, .hummingbird, .hummingbirdCore, .httpTypes, .lifecycle, .logging, .nioCore,
      .nioHTTP1,
    ],
    // The console's page is part of the program: there is no folder to lose or to change.
    resources: [
      "api.js", "console.css", "console.js", "cutovers.js", "data.js", "elements.js", "formats.js",
      "history.js", "icon.svg", "index.html", "journal.js", "orders.js", "plots.js", "routes.js",
      "shadows.js", "Sagas/sagas.js",
    ].map { .embedInCode("Console/Page/\($0)") }),
  tests(
    "RoutingDecisions", "Proxy",
    ["GraphQLRequests", "HTTPExchange", "RoutingDecisions", "ShadowComparison"]),
  tests("GatewayComposition", "Proxy", ["GatewayComposition", "JSONDocuments"]),
  tests("GraphQLRequests", "Proxy", ["GraphQLRequests"]),
  tests(
    "ConfigurationFiles", "Proxy",
    [
      "ConfigurationFiles", "DataMapping", "GatewayComposition", "HTTPExchange",
      "ResiliencePolicies", "RoutingDecisions", "ShadowComparison",
    ]),
  tests(
    "RouteExports", "Proxy",
    ["ConfigurationFiles", "RouteExports", "RoutingDecisions", "ServerPrograms", .yams]),
  tests("HTTPExchange", "Proxy", ["HTTPExchange"]),
  tests("HTTP2Engine", "Proxy", ["HTTP2Engine"]),
  tests(
    "ProxyDataPlane", "Proxy",
    [
      "CutoverControl", "GatewayComposition", "HTTP2Engine", "HTTPExchange", "ProxyDataPlane",
      "ResiliencePolicies",
      "RoutingDecisions", "ShadowComparison", "TLSEngine", "TestCertificates", .httpTypes,
      .lifecycle, .logging, .nioCore, .nioPosix,
    ]),
  tests(
    "HummingbirdModule", "Proxy",
    [
      "HummingbirdModule", "ProxyDataPlane", "RoutingDecisions", .asyncHTTPClient, .hummingbird,
      .lifecycle, .logging, .nioCore, .nioHTTP1,
    ]),
  tests("ShadowComparison", "Proxy", ["JSONDocuments", "ShadowComparison"]),
  tests("StrangulationMeasures", "Proxy", ["StrangulationMeasures"]),
  tests("ContentCodings", "Proxy", ["ContentCodings", "ShadowComparison"]),
  tests("HTTPContracts", "Proxy", ["HTTPContracts", "JSONDocuments", "ShadowComparison"]),
  tests(
    "HTTPContractFiles", "Proxy",
    ["HTTPContractFiles", "HTTPContracts", "JSONDocuments", "ShadowComparison"]),
  tests(
    "ShadowEvidenceStore", "Proxy",
    ["ShadowComparison", "ShadowEvidenceStore", "shadow-crash-child", .grdb, .logging]),
  // A writer of evidence that tests may kill.
  .executableTarget(
    name: "shadow-crash-child",
    dependencies: ["ShadowComparison", "ShadowEvidenceStore", .logging],
    path: "Tests/Proxy/ShadowCrashChild", swiftSettings: settings),
  tests(
    "ShadowTraffic", "Proxy",
    [
      "HTTPContracts", "JSONDocuments", "ShadowComparison", "ShadowEvidenceStore", "ShadowTraffic",
      .asyncHTTPClient, .hummingbird, .lifecycle, .logging, .nioCore, .nioHTTP1, .nioPosix,
    ]),
  // Seeded traffic for gates, shared by tests and the simulator.
  .target(
    name: "CutoverSimulation",
    dependencies: [
      "CutoverControl", "ResiliencePolicies", "RoutingDecisions", "ShadowComparison",
    ],
    path: "Tests/Support/CutoverSimulation", swiftSettings: settings),
  .executableTarget(
    name: "gate-simulator",
    dependencies: ["CutoverControl", "CutoverSimulation", .argumentParser],
    path: "Tests/Benchmarks/GateSimulator", swiftSettings: settings),
  tests(
    "CutoverControl", "Proxy", ["CutoverControl", "CutoverSimulation", "RoutingDecisions"]),
  tests("TLSEngine", "Proxy", ["TLSEngine", "TestCertificates", "RoutingDecisions"]),
  // Routes, plans and traffic for what carries plans out, shared by tests and the crash child.
  .target(
    name: "CutoverScenario",
    dependencies: ["ControlPlane", "CutoverControl", "ProxyDataPlane", "RoutingDecisions"],
    path: "Tests/Support/CutoverScenario", swiftSettings: settings),
  // A running plan that tests may kill.
  .executableTarget(
    name: "cutover-crash-child",
    dependencies: [
      "ControlPlane", "CutoverControl", "CutoverJournalStore", "CutoverScenario",
      "ProxyDataPlane", "RoutingDecisions", .logging,
    ], path: "Tests/Proxy/CutoverCrashChild", swiftSettings: settings),
  tests(
    "CutoverJournalStore", "Proxy",
    [
      "ControlPlane", "CutoverControl", "CutoverJournalStore", "CutoverScenario",
      "PostgreSQLClient", "ProxyDataPlane", "RoutingDecisions", "ServerPrograms",
      "cutover-crash-child", .grdb, .logging,
    ]),
  tests(
    "ControlPlane", "Proxy",
    [
      "ControlPlane", "CutoverControl", "CutoverScenario", "GatewayComposition", "ProxyDataPlane",
      "RoutingDecisions", "ServiceLeases", "ShadowComparison", "ShadowEvidenceStore", .grdb,
      .hummingbird,
      .hummingbirdTesting,
      .httpTypes, .lifecycle, .logging, .nioCore, .nioPosix,
    ]),
]

// The side-by-side benchmark of the proxy reads /proc and waits with epoll.
#if os(Linux)
  let proxyBenchmark: [Target] = [
    .executableTarget(
      name: "proxy-benchmark",
      dependencies: [
        "CLinuxEvents", "HTTP2Engine", "RoutingDecisions", "TLSEngine", .argumentParser,
      ],
      path: "Tests/Benchmarks/ProxyBenchmark", swiftSettings: settings)
  ]
#else
  let proxyBenchmark: [Target] = []
#endif

// What journals of cutovers and outboxes in PostgreSQL share: part of both areas.
let postgreSQL: [Target] = [
  // libpq. Only the trait links it; without the trait the client is an empty module.
  .systemLibrary(
    name: "CPostgreSQL", path: "Sources/System/CPostgreSQL", pkgConfig: "libpq",
    providers: [.apt(["libpq-dev"]), .brew(["libpq"])]),
  library("PostgreSQLClient", .proxy, [.postgreSQLLibrary]),
  // Servers that tests, the chaos rig and benchmarks start and stop by their own pids.
  library("ServerPrograms", .messaging),
  tests("PostgreSQLClient", "Proxy", ["PostgreSQLClient", "ServerPrograms"]),
]

// What every area that prints a table reads.
let texts: [Target] = [library("DisplayWidths", .analysis)]

// JSON with exact numbers, which comparisons of answers and contracts of events read, and what else
// areas share.
let documents: [Target] = [
  library("JSONDocuments", .proxy),
  library("SpellingSuggestions", .proxy),
  library("TransactionalMessaging", .messaging),
  // Spans: as values and decisions, as a tracer that exports them, and between headers and tracers.
  library("TraceSpans", .services, ["TransactionalMessaging"]),
  library(
    "ServiceTracing", .services,
    [
      "TraceSpans", "TransactionalMessaging", .asyncHTTPClient, .lifecycle, .logging, .nioCore,
      .nioHTTP1, .tracing,
    ]),
  library("TracePropagation", .services, ["TransactionalMessaging", .tracing]),
  // Which instances of a service are there: leases that they renew, as values and decisions.
  library("ServiceLeases", .services),
  tests("ServiceLeases", "Services", ["ServiceLeases"]),
  // A collector of spans, and what the rules say of a trace.
  .target(
    name: "TraceCollecting",
    dependencies: [
      "ServiceTracing", "TraceSpans", "TransactionalMessaging", .hummingbird, .lifecycle, .logging,
      .nioCore,
    ], path: "Tests/Support/TraceCollecting", swiftSettings: settings),
  tests("TraceSpans", "Services", ["TraceSpans", "TransactionalMessaging"]),
  tests(
    "ServiceTracing", "Services",
    [
      "ServiceTracing", "TraceCollecting", "TracePropagation", "TraceSpans",
      "TransactionalMessaging", .httpTypes, .logging, .tracing,
    ]),
  library("ResiliencePolicies", .proxy),
  tests("ResiliencePolicies", "Proxy", ["ResiliencePolicies"]),
  // Rows of one side as rows of the other; the configuration declares them.
  library("DataMapping", .messaging, ["SpellingSuggestions"]),
  tests("DataMapping", "Messaging", ["DataMapping"]),
  tests("JSONDocuments", "Proxy", ["JSONDocuments"]),
  // OpenSSL 3 of the system.
  .systemLibrary(
    name: "COpenSSL", path: "Sources/System/COpenSSL", pkgConfig: "openssl",
    providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]),
  // Authorities and certificates, made when a test needs them.
  .target(
    name: "TestCertificates", dependencies: ["COpenSSL"], path: "Tests/Support/TestCertificates",
    swiftSettings: settings),
]

let messaging: [Target] = [
  library("MessageContracts", .messaging, ["JSONDocuments", "TransactionalMessaging"]),
  library("MessageContractFiles", .messaging, ["MessageContracts"]),
  // A business process over services as steps, each with what undoes it.
  library("SagaModel", .messaging, ["TransactionalMessaging"]),
  tests("SagaModel", "Messaging", ["SagaModel", "TransactionalMessaging"]),
  library(
    "MessageStoreSQLite", .messaging,
    ["MessageContracts", "SagaModel", "TransactionalMessaging", .grdb]),
  library(
    "MessageStorePostgreSQL", .messaging,
    ["MessageContracts", "PostgreSQLClient", "SagaModel", "TransactionalMessaging"]),
  library(
    "SagaOrchestration", .messaging,
    [
      "MessageRelay", "SagaModel", "TracePropagation", "TransactionalMessaging", .lifecycle,
      .logging, .tracing,
    ]),
  // The shop's checkout, shared by tests and a process that they kill.
  .target(
    name: "CheckoutExample",
    dependencies: [
      "MessageRelay", "MessageStorePostgreSQL", "MessageStoreSQLite", "SagaModel",
      "SagaOrchestration", "TransactionalMessaging", .grdb, .logging, .tracing,
    ], path: "Tests/Messaging/CheckoutExample", swiftSettings: settings),
  .executableTarget(
    name: "saga-crash-child",
    dependencies: [
      "CheckoutExample", "MessageStorePostgreSQL", "MessageStoreSQLite", "SagaModel",
      "SagaOrchestration", "TransactionalMessaging", .grdb, .logging,
    ], path: "Tests/Messaging/SagaCrashChild", swiftSettings: settings),
  tests(
    "SagaOrchestration", "Messaging",
    [
      "CheckoutExample", "MessageRelay", "MessageStorePostgreSQL", "MessageStoreSQLite",
      "MessagingConformance", "MessagingTestSupport", "SagaModel", "SagaOrchestration",
      "ServerPrograms", "ServiceTracing", "TraceCollecting", "TracePropagation",
      "TransactionalMessaging", "saga-crash-child", .grdb, .lifecycle, .lifecycleTestKit, .logging,
      .tracing,
    ]),
  // The stores of both sides: looked at, compared, and the new one filled.
  library("MappedStores", .messaging, ["DataMapping", "PostgreSQLClient", .grdb, .sqlite]),
  tests(
    "MappedStores", "Messaging",
    ["DataMapping", "MappedStores", "PostgreSQLClient", "ServerPrograms", .grdb]),
  // What a service embeds whose data moves.
  library(
    "DualWriteRouting", .messaging,
    ["DataMapping", "MessageStorePostgreSQL", "TransactionalMessaging", .grdb]),
  // A service that tests may kill.
  .executableTarget(
    name: "data-crash-child",
    dependencies: ["DualWriteRouting", "MessageStorePostgreSQL", "TransactionalMessaging", .grdb],
    path: "Tests/Messaging/DataCrashChild", swiftSettings: settings),
  tests(
    "DualWriteRouting", "Messaging",
    [
      "DataMapping", "DualWriteRouting", "MappedStores", "MessageStorePostgreSQL",
      "MessagingTestSupport", "PostgreSQLClient", "ServerPrograms", "TransactionalMessaging",
      "data-crash-child", .grdb,
    ]),
  library(
    "MessageRelay", .messaging,
    [
      "TracePropagation", "TransactionalMessaging", .lifecycle, .logging, .collections, .tracing,
    ]),
  library(
    "MessagePublisherHTTP", .messaging,
    ["TransactionalMessaging", .asyncHTTPClient, .nioCore, .nioHTTP1]),
  // libnats. Only the trait links it; without the trait the broker is left out.
  .systemLibrary(
    name: "CNATS", path: "Sources/System/CNATS", pkgConfig: "libnats",
    providers: [.apt(["libnats-dev"]), .brew(["cnats"])]),
  library(
    "MessageBrokerNATS", .messaging,
    [.natsLibrary, "MessageRelay", "TransactionalMessaging", .logging]),
  // librabbitmq. Only the trait links it; without the trait the broker is left out.
  .systemLibrary(
    name: "CRabbitMQ", path: "Sources/System/CRabbitMQ", pkgConfig: "librabbitmq",
    providers: [.apt(["librabbitmq-dev"]), .brew(["rabbitmq-c"])]),
  library(
    "MessageBrokerRabbitMQ", .messaging,
    [.rabbitMQLibrary, "MessageRelay", "TransactionalMessaging", .logging]),
  // librdkafka. Only the trait links it; without the trait the broker is left out.
  .systemLibrary(
    name: "CKafka", path: "Sources/System/CKafka", pkgConfig: "rdkafka",
    providers: [.apt(["librdkafka-dev"]), .brew(["librdkafka"])]),
  library(
    "MessageBrokerKafka", .messaging,
    [.kafkaLibrary, "MessageRelay", "TransactionalMessaging", .collections, .logging]),
  // The chaos rig: what is done and how it is judged, and what does it.
  library("TortureModel", .messaging, ["TransactionalMessaging"]),
  library(
    "MessagingTorture", .messaging,
    [
      "MessageBrokerNATS", "MessageBrokerRabbitMQ", "MessagePublisherHTTP", "MessageRelay",
      "MessageStorePostgreSQL", "MessageStoreSQLite", "ServerPrograms", "TortureModel",
      "TransactionalMessaging", .grdb, .httpTypes, .hummingbird, .logging, .nioCore, .nioPosix,
    ]),
  tests("TortureModel", "Messaging", ["TortureModel"]),
  // What outbox and relay achieve on a machine, beside what is demanded.
  .executableTarget(
    name: "messaging-benchmark",
    dependencies: [
      .natsLibrary, "MessageBrokerNATS", "MessageRelay", "MessageStorePostgreSQL", "SagaModel",
      "SagaOrchestration", "ServerPrograms", "TransactionalMessaging", .argumentParser, .lifecycle,
      .logging,
    ], path: "Tests/Benchmarks/MessagingBenchmark", swiftSettings: settings),
  // What the moving of data achieves on a machine, beside what is demanded.
  .executableTarget(
    name: "data-benchmark",
    dependencies: [
      "DataMapping", "DualWriteRouting", "MappedStores", "MessageStorePostgreSQL",
      "ServerPrograms", "TransactionalMessaging", .argumentParser, .grdb,
    ], path: "Tests/Benchmarks/DataBenchmark", swiftSettings: settings),
  // What every store and broker passes, for those that others write too.
  library("MessagingConformance", .messaging, ["SagaModel", "TransactionalMessaging"]),
  .target(
    name: "MessagingTestSupport",
    dependencies: [
      "MessageRelay", "MessageStoreSQLite", "MessagingConformance", "TransactionalMessaging", .grdb,
      .logging,
    ],
    path: "Tests/Messaging/MessagingTestSupport", swiftSettings: settings),
  // A process that tests may kill.
  .executableTarget(
    name: "messaging-crash-child",
    dependencies: [
      "MessageRelay", "MessageStorePostgreSQL", "MessageStoreSQLite", "TransactionalMessaging",
      .grdb, .logging,
    ], path: "Tests/Messaging/CrashChild", swiftSettings: settings),
  tests(
    "TransactionalMessaging", "Messaging", ["MessagingConformance", "TransactionalMessaging"]),
  tests(
    "MessageContracts", "Messaging",
    ["JSONDocuments", "MessageContractFiles", "MessageContracts", "TransactionalMessaging"]),
  tests(
    "MessageStoreSQLite", "Messaging",
    [
      "MessageContracts", "MessageStoreSQLite", "MessagingConformance", "MessagingTestSupport",
      "TransactionalMessaging", .grdb,
    ]),
  tests(
    "MessageStorePostgreSQL", "Messaging",
    [
      "MessageContracts", "MessageRelay", "MessageStorePostgreSQL", "MessagingConformance",
      "MessagingTestSupport", "ServerPrograms", "TransactionalMessaging", .logging,
    ]),
  // A service that takes events over HTTP.
  .target(
    name: "EventReceiver",
    dependencies: ["TransactionalMessaging", .httpTypes, .hummingbird, .logging, .nioCore],
    path: "Tests/Support/EventReceiver", swiftSettings: settings),
  tests(
    "MessagePublisherHTTP", "Messaging",
    ["EventReceiver", "MessagePublisherHTTP", "MessagingConformance", "TransactionalMessaging"]),
  // Users who prove who they are to a nats-server by tokens and keys.
  .target(
    name: "NATSTesting", dependencies: [.crypto],
    path: "Tests/Support/NATSTesting", swiftSettings: settings),
  tests(
    "MessageBrokerNATS", "Messaging",
    [
      "MessageBrokerNATS", "MessageRelay", "MessageStorePostgreSQL", "MessagingConformance",
      "MessagingTestSupport", "NATSTesting", "ServerPrograms", "TestCertificates",
      "TransactionalMessaging", .logging,
    ]),
  tests(
    "MessageBrokerRabbitMQ", "Messaging",
    [
      "MessageBrokerRabbitMQ", "MessagingConformance", "MessagingTestSupport", "ServerPrograms",
      "TestCertificates", "TransactionalMessaging", .logging,
    ]),
  // Brokers of Kafka that keep everything in memory.
  .target(
    name: "KafkaTesting", dependencies: [.kafkaLibrary],
    path: "Tests/Support/KafkaTesting", swiftSettings: settings),
  // A consumer that tests may kill.
  .executableTarget(
    name: "kafka-crash-child",
    dependencies: ["MessageBrokerKafka", "TransactionalMessaging", .logging],
    path: "Tests/Messaging/KafkaCrashChild", swiftSettings: settings),
  tests(
    "MessageBrokerKafka", "Messaging",
    [
      "KafkaTesting", "MessageBrokerKafka", "MessagingConformance", "MessagingTestSupport",
      "TransactionalMessaging", "kafka-crash-child", .logging, .nioCore, .nioPosix,
    ]),
  tests(
    "MessageRelay", "Messaging",
    [
      "MessageRelay", "MessageStorePostgreSQL", "MessageStoreSQLite", "MessagingConformance",
      "MessagingTestSupport", "ServerPrograms", "ServiceTracing", "TraceCollecting",
      "TransactionalMessaging", "messaging-crash-child", .grdb, .lifecycle, .lifecycleTestKit,
      .logging, .tracing,
    ]),
]

// How extracted services call each other.
let services: [Target] = [
  library(
    "ServiceCalls", .services, ["ResiliencePolicies", "TransactionalMessaging", .httpTypes]),
  library(
    "ServiceClient", .services,
    [
      "DNSRecords", "ResiliencePolicies", "ServiceCalls", "ServiceLeases", "TracePropagation",
      "TransactionalMessaging",
      .asyncHTTPClient, .httpTypes, .lifecycle, .logging, .nioCore, .nioHTTP1, .nioPosix, .tracing,
    ]),
  // The same for calls over gRPC.
  library(
    "GRPCServiceCalls", .services,
    [
      "ResiliencePolicies", "ServiceCalls", "ServiceClient", "TracePropagation",
      "TransactionalMessaging", .grpcCore, .logging, .tracing,
    ]),
  // Questions to servers of names and their answers, as bytes and values.
  library("DNSRecords", .services),
  tests("DNSRecords", "Services", ["DNSRecords"]),
  // What a Hummingbird service needs to be called so.
  library(
    "HummingbirdServices", .services,
    [
      "ResiliencePolicies", "ServiceCalls", "ServiceClient", "ServiceLeases", "TracePropagation",
      .asyncHTTPClient, .httpTypes, .hummingbird, .lifecycle, .logging, .nioCore, .nioHTTP1,
      .tracing,
    ]),
  .target(
    name: "ServiceTesting",
    dependencies: [
      "ServiceCalls", "TransactionalMessaging", .hummingbird, .logging, .nioCore, .nioPosix,
    ],
    path: "Tests/Support/ServiceTesting", swiftSettings: settings),
  tests(
    "ServiceCalls", "Services",
    ["ResilienceModels", "ResiliencePolicies", "ServiceCalls", "TransactionalMessaging"]),
  tests(
    "ServiceClient", "Services",
    [
      "HummingbirdServices", "ResiliencePolicies", "ServiceCalls", "ServiceClient",
      "ServiceLeases", "ServiceTesting", "ServiceTracing", "TraceCollecting",
      "TransactionalMessaging", .httpTypes,
      .hummingbird, .lifecycle, .lifecycleTestKit, .logging, .nioCore, .nioPosix, .tracing,
    ]),
  tests(
    "GRPCServiceCalls", "Services",
    [
      "GRPCServiceCalls", "ResiliencePolicies", "ServiceCalls", "ServiceTesting",
      "TraceCollecting", "TransactionalMessaging", .grpcCore, .grpcInProcess, .tracing,
    ]),
  // Breaker, bulkhead and retries once more, written from their rules alone, to compare with.
  .target(
    name: "ResilienceModels",
    dependencies: ["ResiliencePolicies", "ServiceCalls", "TransactionalMessaging"],
    path: "Tests/Support/ResilienceModels", swiftSettings: settings),
  .executableTarget(
    name: "resilience-model-check", dependencies: ["ResilienceModels", .argumentParser],
    path: "Tests/Benchmarks/ResilienceModelCheck", swiftSettings: settings),
]

// The shop that the toolkit is shown on: a monolith, the service taken out of it, their traffic.
let fixtures: [Target] = [
  .target(
    name: "ShopSeed", path: "fixtures/shop-seed/Sources/ShopSeed", swiftSettings: settings),
  .target(
    name: "ShopMonolith",
    dependencies: [
      "ShopSeed", .asyncHTTPClient, .grdb, .httpTypes, .hummingbird, .lifecycle, .logging,
      .nioCore, .nioFoundation, .nioHTTP1,
    ],
    path: "fixtures/shop-monolith/Sources/ShopMonolith", swiftSettings: settings),
  .executableTarget(
    name: "shop-monolith",
    dependencies: [
      "ShopMonolith", .argumentParser, .hummingbird, .lifecycle, .logging, .unixSignals,
    ],
    path: "fixtures/shop-monolith/Sources/shop-monolith", swiftSettings: settings),
  .target(
    name: "OrdersService",
    dependencies: [
      "HummingbirdServices", "MessageRelay", "MessageStoreSQLite", "ShopSeed",
      "TransactionalMessaging", .grdb, .httpTypes, .hummingbird, .logging, .tracing,
    ],
    path: "fixtures/orders-service/Sources/OrdersService", swiftSettings: settings),
  .executableTarget(
    name: "orders-service",
    dependencies: [
      "HummingbirdServices", "OrdersService", "ServiceLeases", "ServiceTracing", "TraceSpans",
      .argumentParser, .hummingbird, .lifecycle, .logging, .unixSignals,
    ],
    path: "fixtures/orders-service/Sources/orders-service", swiftSettings: settings),
  // Takes the events of orders.
  .executableTarget(
    name: "mail-service",
    dependencies: [
      "MessageStoreSQLite", "TransactionalMessaging", .argumentParser, .grdb, .httpTypes,
      .hummingbird, .nioCore,
    ],
    path: "fixtures/mail-service/Sources/mail-service", swiftSettings: settings),
  // The shop's checkout over services.
  .executableTarget(
    name: "shop-checkout",
    dependencies: ["CheckoutExample", .argumentParser, .logging, .unixSignals],
    path: "fixtures/shop-checkout/Sources/shop-checkout", swiftSettings: settings),
  .target(
    name: "ShopTraffic",
    dependencies: [.asyncHTTPClient, .nioCore, .nioHTTP1],
    path: "fixtures/traffic/Sources/ShopTraffic", swiftSettings: settings),
  .executableTarget(
    name: "record-traffic",
    dependencies: [
      "ShopMonolith", "ShopTraffic", .argumentParser, .hummingbird, .lifecycle, .logging,
    ],
    path: "fixtures/traffic/Sources/record-traffic", swiftSettings: settings),
  .target(
    name: "FixtureTesting", dependencies: [.httpTypes, .hummingbirdTesting, .nioCore],
    path: "Tests/Support/FixtureTesting", swiftSettings: settings),
  tests(
    "ShopMonolith", "Fixtures",
    [
      "FixtureTesting", "ShopMonolith", "ShopSeed", "ShopTraffic", .grdb, .hummingbird,
      .hummingbirdTesting, .lifecycle, .lifecycleTestKit, .logging,
    ]),
  tests(
    "OrdersService", "Fixtures",
    [
      "FixtureTesting", "MessageContractFiles", "MessageContracts", "MessageStoreSQLite",
      "OrdersService", "ShopMonolith", "ShopSeed", "TransactionalMessaging", .grdb,
      .hummingbirdTesting,
    ]),
]

let commandLine: [Target] = [
  // Procedures whose commands run as written.
  library("Playbooks", .commandLine),
  tests("Playbooks", "CommandLine", ["Playbooks"]),
  library(
    "StranglerDemo", .commandLine,
    [
      "AnalysisReports", "ConfigurationFiles", "ControlPlane", "DependencyGraph",
      "HummingbirdModule", "MessageRelay", "MessageStoreSQLite", "OrdersService",
      "ProxyDataPlane", "RoutingDecisions", "ShadowComparison", "ShopMonolith", "ShopSeed",
      "SourceScanning", "TransactionalMessaging", .asyncHTTPClient, .grdb, .hummingbird,
      .lifecycle, .logging, .nioCore, .nioFoundation, .nioHTTP1,
    ]),
  library(
    "StranglerCommands", .commandLine,
    [
      "AnalysisReports", "ConfigurationFiles", "ControlPlane", "CutoverControl",
      "CutoverJournalStore", "DataMapping", "DependencyGraph", "HTTPContractFiles",
      "HTTPContracts", "JSONDocuments", "MappedStores", "MessageBrokerKafka", "MessageBrokerNATS",
      "MessageBrokerRabbitMQ", "MessageContractFiles",
      "MessageContracts", "MessagePublisherHTTP", "MessageRelay", "MessageStorePostgreSQL",
      "MessageStoreSQLite", "MessagingTorture", "Playbooks", "ProxyDataPlane", "RouteExports",
      "RoutingDecisions", "SagaModel", "ServerPrograms", "ServiceLeaseStore", "ServiceTracing",
      "ShadowComparison",
      "ShadowEvidenceStore", "ShadowTraffic", "SourceScanning", "SpellingSuggestions",
      "StranglerDemo", "StrangulationMeasures", "TortureModel", "TraceSpans",
      "TransactionalMessaging", .argumentParser,
      .asyncHTTPClient, .grdb, .lifecycle, .logging, .nioCore, .nioFoundation, .nioHTTP1,
      .unixSignals,
    ]),
  .executableTarget(
    name: "strangler", dependencies: ["StranglerCommands"],
    path: "Sources/CommandLine/strangler", swiftSettings: settings),
  tests("StranglerDemo", "CommandLine", ["StranglerDemo"]),
  tests(
    "StranglerCommands", "CommandLine",
    [
      "AnalysisReports", "ConfigurationFiles", "DependencyGraph", "RoutingDecisions",
      "SampleModels", "StranglerCommands",
    ]),
  // Bad releases behind the real proxy, shared by tests and the program that counts how soon they
  // go.
  .target(
    name: "BadReleases",
    dependencies: ["CutoverSimulation", .asyncHTTPClient, .nioCore, .nioHTTP1, .nioPosix],
    path: "Tests/Support/BadReleases", swiftSettings: settings),
  .executableTarget(
    name: "bad-release-trial",
    dependencies: ["BadReleases", .argumentParser],
    path: "Tests/Benchmarks/BadReleaseTrial", swiftSettings: settings),
  // The shop's checkout behind an address for events, with spans of all of it.
  .executableTarget(
    name: "traced-checkout",
    dependencies: [
      "CheckoutExample", "HummingbirdServices", "MessageRelay", "MessageStoreSQLite", "SagaModel",
      "ServiceCalls", "ServiceClient", "ServiceTracing", "TraceSpans", "TransactionalMessaging",
      .hummingbird, .lifecycle, .logging, .nioCore, .unixSignals,
    ], path: "Tests/EndToEnd/TracedCheckout", swiftSettings: settings),
  tests(
    "EndToEnd", "EndToEnd",
    [
      "BadReleases", "EventReceiver", "KafkaTesting", "MessageBrokerNATS", "MessageRelay",
      "MessageStorePostgreSQL", "MessageStoreSQLite", "MessagingConformance", "PostgreSQLClient",
      "SagaModel", "SchemaValidation", "ServerPrograms", "ServiceCalls", "ServiceClient",
      "ServiceTracing", "TraceCollecting", "TraceSpans", "TransactionalMessaging", "strangler",
      "shop-monolith", "orders-service", "data-crash-child", "traced-checkout", .httpTypes,
      .tracing,
      .asyncHTTPClient, .grdb, .logging, .nioCore, .nioHTTP1, .nioPosix,
    ]),
  // The worked examples of the libraries' documentation, built as another package would: without
  // this one's settings, and with what is public alone.
  .target(
    name: "LibraryExamples",
    dependencies: [
      "ConfigurationFiles", "ControlPlane", "DualWriteRouting", "GRPCServiceCalls",
      "HummingbirdModule", "HummingbirdServices", "MessageBrokerKafka", "MessageBrokerNATS",
      "MessageBrokerRabbitMQ",
      "MessageContractFiles", "MessageContracts", "MessagePublisherHTTP", "MessageRelay",
      "MessageStorePostgreSQL", "MessageStoreSQLite", "MessagingConformance", "ProxyDataPlane",
      "RoutingDecisions", "SagaModel", "SagaOrchestration", "ServiceCalls", "ServiceClient",
      "ServiceTracing", "TraceSpans", "TransactionalMessaging", .grdb, .grpcCore, .hummingbird,
      .lifecycle, .logging, .tracing,
    ],
    path: "Tests/EndToEnd/LibraryExamples", packageAccess: false,
    swiftSettings: [.treatAllWarnings(as: .error)]),
  tests(
    "LibraryExamples", "EndToEnd",
    [
      "ControlPlane", "DataMapping", "HummingbirdModule", "KafkaTesting", "LibraryExamples",
      "MappedStores", "MessageBrokerKafka", "MessageBrokerNATS", "MessageBrokerRabbitMQ",
      "MessageContracts", "MessageRelay", "MessageStorePostgreSQL", "MessageStoreSQLite",
      "MessagingConformance", "MessagingTestSupport", "ProxyDataPlane", "RoutingDecisions",
      "SagaModel", "SagaOrchestration", "ServerPrograms", "ServiceCalls", "ServiceClient",
      "ServiceTracing", "TraceCollecting", "TransactionalMessaging", .asyncHTTPClient, .grdb,
      .grpcCore, .grpcInProcess, .httpTypes, .hummingbird, .hummingbirdTesting, .lifecycle,
      .logging, .nioCore, .nioHTTP1,
    ]),
  tests(
    "Repository", "Repository",
    ["DependencyGraph", "SourceScanning", .swiftSyntax, .swiftParser]),
]

// MARK: - The package

let areas: [Area: [Target]] = [
  .analysis: analysis,
  .proxy: proxy + proxyBenchmark,
  .messaging: messaging,
  .services: services,
  .fixtures: fixtures,
  .commandLine: commandLine,
]

/// What other packages build on. A product has the name of the module that one begins with, and
/// brings those whose types that one's users name; it may only name targets that are there.
func embeddable(_ name: String, with others: [String] = []) -> Product {
  .library(name: name, targets: [name] + others)
}

let libraries: [Area: [Product]] = [
  .proxy: [
    embeddable(
      "ControlPlane", with: ["ConfigurationFiles", "ProxyDataPlane", "RoutingDecisions"]),
    embeddable(
      "HummingbirdModule", with: ["ProxyDataPlane", "ResiliencePolicies", "RoutingDecisions"]),
  ],
  .messaging: [
    embeddable("MessageStoreSQLite", with: ["TransactionalMessaging"]),
    embeddable("MessageStorePostgreSQL", with: ["TransactionalMessaging"]),
    embeddable("MessageRelay", with: ["TransactionalMessaging"]),
    embeddable("MessageBrokerNATS", with: ["TransactionalMessaging"]),
    embeddable("MessageBrokerRabbitMQ", with: ["TransactionalMessaging"]),
    embeddable("MessageBrokerKafka", with: ["TransactionalMessaging"]),
    embeddable("MessagePublisherHTTP", with: ["TransactionalMessaging"]),
    embeddable("MessageContracts", with: ["MessageContractFiles", "TransactionalMessaging"]),
    embeddable("MessagingConformance", with: ["SagaModel", "TransactionalMessaging"]),
    embeddable("SagaOrchestration", with: ["SagaModel", "TransactionalMessaging"]),
    embeddable("DualWriteRouting"),
  ],
  .services: [
    embeddable("ServiceClient", with: ["ResiliencePolicies", "ServiceCalls"]),
    embeddable("GRPCServiceCalls", with: ["ResiliencePolicies", "ServiceCalls", "ServiceClient"]),
    embeddable("HummingbirdServices", with: ["ServiceLeases"]),
    embeddable("ServiceTracing", with: ["TracePropagation", "TraceSpans"]),
  ],
]

/// Beside other packages, the manifest is read from the repository, at `/`, or from a checkout of it
/// among those of whoever depends on it.
let isDependency =
  Context.packageDirectory == "/"
  || Context.packageDirectory.split(separator: "/").dropLast().last == "checkouts"

/// A package in the version that everything here is tested with; for whoever builds on this one, in
/// that or a newer one, so that others may ask for it too.
func dependency(_ url: String, _ tested: Version) -> Package.Dependency {
  isDependency ? .package(url: url, from: tested) : .package(url: url, exact: tested)
}

let package = Package(
  name: "strangler",
  platforms: [.macOS(.v15)],
  products: requestedAreas.flatMap { libraries[$0] ?? [] },
  traits: [
    .trait(
      name: "PostgreSQL",
      description: "Journals of cutovers, outboxes and inboxes in PostgreSQL; needs libpq."),
    .trait(
      name: "NATS", description: "Events over NATS JetStream; needs libnats."),
    .trait(
      name: "RabbitMQ", description: "Events over RabbitMQ; needs librabbitmq."),
    .trait(
      name: "Kafka", description: "Events over Kafka; needs librdkafka."),
    .trait(
      name: "GRPC", description: "Calls over gRPC, with the policies of those over HTTP."),
  ],
  dependencies: [
    dependency("https://github.com/apple/swift-argument-parser", "1.8.2"),
    dependency("https://github.com/swift-server/async-http-client", "1.37.0"),
    dependency("https://github.com/apple/swift-collections", "1.6.0"),
    dependency("https://github.com/apple/swift-crypto", "4.5.2"),
    dependency("https://github.com/grpc/grpc-swift-2", "2.4.3"),
    dependency("https://github.com/groue/GRDB.swift", "7.10.0"),
    dependency("https://github.com/apple/swift-distributed-tracing", "1.7.3"),
    dependency("https://github.com/apple/swift-http-types", "1.8.0"),
    dependency("https://github.com/hummingbird-project/hummingbird", "2.28.1"),
    dependency("https://github.com/swift-server/swift-service-lifecycle", "2.13.0"),
    dependency("https://github.com/apple/swift-log", "1.16.2"),
    dependency("https://github.com/apple/swift-nio", "2.101.2"),
    dependency("https://github.com/swiftlang/swift-syntax", "603.0.1"),
    dependency("https://github.com/jpsim/Yams", "6.2.2"),
  ],
  targets: requestedAreas.flatMap { areas[$0] ?? [] } + texts
    + (requestedAreas.contains { [.proxy, .messaging, .services].contains($0) }
      ? documents + postgreSQL : []),
  swiftLanguageModes: [.v6]
)
