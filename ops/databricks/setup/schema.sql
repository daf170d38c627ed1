-- `genie-setup schema` as SQL. What exists stays.

CREATE CATALOG IF NOT EXISTS `main`;

CREATE SCHEMA IF NOT EXISTS `main`.`genie_raw` COMMENT 'Landing of genie-ingest: JSON as received, append-only.';

CREATE SCHEMA IF NOT EXISTS `main`.`ledger` COMMENT 'Transactions, labels, features, what models made of them; append-only.';

CREATE SCHEMA IF NOT EXISTS `main`.`genie_bronze` COMMENT 'Genie: cast, flattened, without copies.';

CREATE SCHEMA IF NOT EXISTS `main`.`genie_silver` COMMENT 'Genie: events, messages, attachments, statements, spaces.';

CREATE SCHEMA IF NOT EXISTS `main`.`ml_staging` COMMENT 'Ledger: last versions of its rows, and features as they were known.';

CREATE SCHEMA IF NOT EXISTS `main`.`ml_training` COMMENT 'Ledger: what models learn from, and how well they do.';

CREATE SCHEMA IF NOT EXISTS `main`.`dbt_test__audit` COMMENT 'Ledger: rows that the last tests found fault with, and why.';

CREATE SCHEMA IF NOT EXISTS `main`.`genie_analytics` COMMENT 'Genie: work lists, facts and metrics; what people and tools read.';

CREATE VOLUME IF NOT EXISTS `main`.`genie_raw`.`landing` COMMENT 'Files on their way into the landing.';

CREATE VOLUME IF NOT EXISTS `main`.`genie_raw`.`artifacts` COMMENT 'What dbt left of its last runs: evidence for genie-exporter gate.';

CREATE TABLE IF NOT EXISTS `main`.`ledger`.`transactions` (
  `transaction_id` STRING,
  `account_id` STRING,
  `transacted_at` TIMESTAMP,
  `amount` DECIMAL(18,2),
  `currency` STRING,
  `description` STRING,
  `merchant` STRING,
  `source` STRING,
  `is_deleted` BOOLEAN,
  `loaded_at` TIMESTAMP,
  `batch_id` STRING
);

CREATE TABLE IF NOT EXISTS `main`.`ledger`.`transaction_labels` (
  `label_id` STRING,
  `transaction_id` STRING,
  `label` STRING,
  `label_source` STRING,
  `observed_at` TIMESTAMP,
  `is_deleted` BOOLEAN,
  `loaded_at` TIMESTAMP,
  `batch_id` STRING
);

CREATE TABLE IF NOT EXISTS `main`.`ledger`.`ml_features` (
  `transaction_id` STRING,
  `feature_version` STRING,
  `computed_at` TIMESTAMP,
  `is_credit` BOOLEAN,
  `amount_abs` DOUBLE,
  `day_of_week` BIGINT,
  `day_of_month` BIGINT,
  `merchant_count_90d` BIGINT,
  `merchant_mean_amount_90d` DOUBLE,
  `days_since_merchant` DOUBLE,
  `account_count_30d` BIGINT,
  `account_mean_amount_30d` DOUBLE,
  `loaded_at` TIMESTAMP,
  `batch_id` STRING
);

CREATE TABLE IF NOT EXISTS `main`.`ledger`.`suggestion_events` (
  `suggestion_id` STRING,
  `transaction_id` STRING,
  `model_version` STRING,
  `suggested_label` STRING,
  `confidence` DOUBLE,
  `suggested_at` TIMESTAMP,
  `loaded_at` TIMESTAMP,
  `batch_id` STRING
);

CREATE TABLE IF NOT EXISTS `main`.`ledger`.`suggestion_feedback` (
  `feedback_id` STRING,
  `suggestion_id` STRING,
  `feedback` STRING,
  `corrected_label` STRING,
  `feedback_at` TIMESTAMP,
  `loaded_at` TIMESTAMP,
  `batch_id` STRING
);

CREATE TABLE IF NOT EXISTS `main`.`ledger`.`model_registry` (
  `model_version` STRING,
  `model_name` STRING,
  `stage` STRING,
  `rollout_percent` BIGINT,
  `registered_at` TIMESTAMP,
  `loaded_at` TIMESTAMP,
  `batch_id` STRING
);

CREATE TABLE IF NOT EXISTS `main`.`ledger`.`ml_training_runs` (
  `training_run_id` STRING,
  `model_version` STRING,
  `status` STRING,
  `started_at` TIMESTAMP,
  `finished_at` TIMESTAMP,
  `trained_until` DATE,
  `row_count` BIGINT,
  `f1_macro` DOUBLE,
  `calibration_error` DOUBLE,
  `rollout_percent` BIGINT,
  `loaded_at` TIMESTAMP,
  `batch_id` STRING
);

CREATE TABLE IF NOT EXISTS `main`.`ledger`.`rejected_lines` (
  `file_name` STRING,
  `sha256` STRING,
  `line_number` BIGINT,
  `line` STRING,
  `reason` STRING,
  `loaded_at` TIMESTAMP,
  `batch_id` STRING
);

CREATE TABLE IF NOT EXISTS `main`.`genie_raw`.`audit` (
  `account_id` STRING,
  `workspace_id` STRING,
  `version` STRING,
  `event_time` TIMESTAMP,
  `event_date` DATE,
  `source_ip_address` STRING,
  `user_agent` STRING,
  `session_id` STRING,
  `user_identity` STRING,
  `service_name` STRING,
  `action_name` STRING,
  `request_id` STRING,
  `request_params` STRING,
  `response` STRING,
  `audit_level` STRING,
  `event_id` STRING,
  `identity_metadata` STRING,
  `fetched_at` TIMESTAMP,
  `batch_id` STRING
);

CREATE TABLE IF NOT EXISTS `main`.`genie_raw`.`workspaces` (
  `account_id` STRING,
  `workspace_id` STRING,
  `workspace_name` STRING,
  `workspace_url` STRING,
  `create_time` TIMESTAMP,
  `status` STRING,
  `fetched_at` TIMESTAMP,
  `batch_id` STRING
);

CREATE TABLE IF NOT EXISTS `main`.`genie_raw`.`query_history` (
  `account_id` STRING,
  `workspace_id` STRING,
  `statement_id` STRING,
  `executed_by` STRING,
  `session_id` STRING,
  `execution_status` STRING,
  `compute` STRING,
  `executed_by_user_id` STRING,
  `statement_text` STRING,
  `statement_type` STRING,
  `error_message` STRING,
  `client_application` STRING,
  `client_driver` STRING,
  `total_duration_ms` BIGINT,
  `waiting_for_compute_duration_ms` BIGINT,
  `waiting_at_capacity_duration_ms` BIGINT,
  `execution_duration_ms` BIGINT,
  `compilation_duration_ms` BIGINT,
  `total_task_duration_ms` BIGINT,
  `result_fetch_duration_ms` BIGINT,
  `start_time` TIMESTAMP,
  `end_time` TIMESTAMP,
  `update_time` TIMESTAMP,
  `read_partitions` BIGINT,
  `pruned_files` BIGINT,
  `read_files` BIGINT,
  `read_rows` BIGINT,
  `produced_rows` BIGINT,
  `read_bytes` BIGINT,
  `read_io_cache_percent` BIGINT,
  `from_result_cache` BOOLEAN,
  `spilled_local_bytes` BIGINT,
  `written_bytes` BIGINT,
  `shuffle_read_bytes` BIGINT,
  `query_source` STRING,
  `executed_as_user_id` STRING,
  `executed_as` STRING,
  `written_rows` BIGINT,
  `written_files` BIGINT,
  `cache_origin_statement_id` STRING,
  `query_parameters` STRING,
  `query_tags` STRING,
  `pruned_files_bytes` BIGINT,
  `read_files_bytes` BIGINT,
  `fetched_at` TIMESTAMP,
  `batch_id` STRING
);

CREATE TABLE IF NOT EXISTS `main`.`genie_raw`.`warehouse_hours` (
  `workspace_id` STRING,
  `warehouse_id` STRING,
  `hour_start` TIMESTAMP,
  `statement_count` BIGINT,
  `total_task_duration_ms` BIGINT,
  `fetched_at` TIMESTAMP,
  `batch_id` STRING
);

CREATE TABLE IF NOT EXISTS `main`.`genie_raw`.`billing_usage` (
  `account_id` STRING,
  `workspace_id` STRING,
  `record_id` STRING,
  `sku_name` STRING,
  `cloud` STRING,
  `usage_start_time` TIMESTAMP,
  `usage_end_time` TIMESTAMP,
  `usage_date` DATE,
  `custom_tags` STRING,
  `usage_unit` STRING,
  `usage_quantity` DECIMAL(38,18),
  `usage_metadata` STRING,
  `identity_metadata` STRING,
  `record_type` STRING,
  `ingestion_date` DATE,
  `billing_origin_product` STRING,
  `product_features` STRING,
  `usage_type` STRING,
  `fetched_at` TIMESTAMP,
  `batch_id` STRING
);

CREATE TABLE IF NOT EXISTS `main`.`genie_raw`.`list_prices` (
  `account_id` STRING,
  `price_start_time` TIMESTAMP,
  `price_end_time` TIMESTAMP,
  `sku_name` STRING,
  `cloud` STRING,
  `currency_code` STRING,
  `usage_unit` STRING,
  `pricing` STRING,
  `fetched_at` TIMESTAMP,
  `batch_id` STRING
);

CREATE TABLE IF NOT EXISTS `main`.`genie_raw`.`messages` (
  `workspace_id` STRING,
  `space_id` STRING,
  `conversation_id` STRING,
  `message_id` STRING,
  `payload` STRING,
  `fetched_at` TIMESTAMP,
  `batch_id` STRING
);

CREATE TABLE IF NOT EXISTS `main`.`genie_raw`.`spaces` (
  `workspace_id` STRING,
  `space_id` STRING,
  `payload` STRING,
  `payload_sha256` STRING,
  `fetched_at` TIMESTAMP,
  `batch_id` STRING
);

CREATE TABLE IF NOT EXISTS `main`.`genie_raw`.`conversations` (
  `workspace_id` STRING,
  `space_id` STRING,
  `conversation_id` STRING,
  `payload` STRING,
  `fetched_at` TIMESTAMP,
  `batch_id` STRING
);

CREATE TABLE IF NOT EXISTS `main`.`genie_raw`.`eval_runs` (
  `workspace_id` STRING,
  `space_id` STRING,
  `eval_run_id` STRING,
  `payload` STRING,
  `payload_sha256` STRING,
  `fetched_at` TIMESTAMP,
  `batch_id` STRING
);

CREATE TABLE IF NOT EXISTS `main`.`genie_raw`.`eval_results` (
  `workspace_id` STRING,
  `space_id` STRING,
  `eval_run_id` STRING,
  `result_id` STRING,
  `payload` STRING,
  `fetched_at` TIMESTAMP,
  `batch_id` STRING
);

CREATE TABLE IF NOT EXISTS `main`.`genie_raw`.`message_comments` (
  `workspace_id` STRING,
  `space_id` STRING,
  `conversation_id` STRING,
  `message_id` STRING,
  `comment_id` STRING,
  `payload` STRING,
  `fetched_at` TIMESTAMP,
  `batch_id` STRING
);

CREATE TABLE IF NOT EXISTS `main`.`genie_raw`.`fetch_attempts` (
  `resource` STRING,
  `resource_id` STRING,
  `workspace_id` STRING,
  `space_id` STRING,
  `conversation_id` STRING,
  `message_id` STRING,
  `outcome` STRING,
  `http_status` BIGINT,
  `error_code` STRING,
  `error_message` STRING,
  `message_status` STRING,
  `message_updated_at` TIMESTAMP,
  `fetched_at` TIMESTAMP,
  `batch_id` STRING
);

CREATE TABLE IF NOT EXISTS `main`.`genie_raw`.`loaded_files` (
  `table_name` STRING,
  `file_name` STRING,
  `sha256` STRING,
  `row_count` BIGINT,
  `fetched_at` TIMESTAMP,
  `batch_id` STRING
);

CREATE TABLE IF NOT EXISTS `main`.`genie_raw`.`ingest_runs` (
  `run_id` STRING,
  `event` STRING,
  `command` STRING,
  `host` STRING,
  `process_id` BIGINT,
  `event_at` TIMESTAMP,
  `outcome` STRING,
  `row_count` BIGINT,
  `failed_count` BIGINT,
  `api_calls` BIGINT
);
