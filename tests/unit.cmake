# Pure functions and single classes; Redis servers where a class talks to one.
lingkaran_test(unit_test LABEL unit SHARDS 4
  SOURCES
    unit/cli_command_test.cc unit/cli_output_test.cc unit/cli_reconcile_test.cc
    unit/common_admission_test.cc unit/common_client_test.cc unit/common_config_test.cc
    unit/common_executor_test.cc unit/common_group_commit_test.cc unit/common_rpc_test.cc
    unit/common_single_flight_test.cc unit/common_throttle_test.cc
  LIGHT
    freshness/judge_test.cc history/fault_proxy_test.cc history/wgl_test.cc
    unit/cli_data_test.cc unit/cli_list_test.cc
    unit/common_authorization_test.cc unit/common_clock_test.cc unit/common_date_test.cc
    unit/common_error_test.cc unit/common_failpoint_test.cc unit/common_log_test.cc
    unit/common_metrics_test.cc unit/common_money_test.cc unit/common_pubsub_test.cc
    unit/common_redis_broken_test.cc unit/common_redis_cluster_test.cc unit/common_redis_test.cc
    unit/common_region_test.cc unit/common_rules_text_test.cc unit/common_vault_test.cc
    unit/coverage_cover_test.cc unit/coverage_eligibility_test.cc unit/coverage_lookup_batcher_test.cc
    unit/coverage_lookup_freshness_test.cc unit/coverage_member_record_test.cc
    unit/coverage_member_table_test.cc unit/coverage_near_cache_test.cc
    unit/coverage_near_orders_test.cc unit/coverage_redis_memory_test.cc
    unit/coverage_redis_reader_test.cc unit/coverage_rules_test.cc
    unit/registry_batch_test.cc unit/registry_candidate_parser_test.cc unit/registry_codec_test.cc
    unit/registry_nik_test.cc unit/registry_rules_test.cc unit/registry_worker_test.cc
    unit/sponsorship_allocation_test.cc unit/sponsorship_audit_test.cc
    unit/sponsorship_continuation_test.cc unit/sponsorship_money_test.cc
    unit/sponsorship_named_test.cc unit/sponsorship_rules_test.cc unit/sponsorship_seat_planner_test.cc
  LIBS
    cli_lib lingkaran_books registry_app coverage_app coverage_people sponsorship_app redis_server
    fault_proxy freshness_judge history_check test_support)
