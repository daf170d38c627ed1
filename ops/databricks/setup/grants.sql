-- `genie-setup grants` as SQL. CAN USE on the warehouse and CAN MANAGE on Genie spaces are not SQL:
-- give them in the UI, or by the command.

GRANT USE CATALOG ON CATALOG `system` TO `application-id`;

GRANT USE SCHEMA ON SCHEMA `system`.`access` TO `application-id`;

GRANT USE SCHEMA ON SCHEMA `system`.`query` TO `application-id`;

GRANT USE SCHEMA ON SCHEMA `system`.`billing` TO `application-id`;

GRANT SELECT ON TABLE `system`.`access`.`audit` TO `application-id`;

GRANT SELECT ON TABLE `system`.`access`.`workspaces_latest` TO `application-id`;

GRANT SELECT ON TABLE `system`.`query`.`history` TO `application-id`;

GRANT SELECT ON TABLE `system`.`billing`.`usage` TO `application-id`;

GRANT SELECT ON TABLE `system`.`billing`.`list_prices` TO `application-id`;

GRANT USE CATALOG ON CATALOG `main` TO `application-id`;

GRANT USE SCHEMA ON SCHEMA `main`.`genie_raw` TO `application-id`;

GRANT SELECT ON SCHEMA `main`.`genie_raw` TO `application-id`;

GRANT MODIFY ON SCHEMA `main`.`genie_raw` TO `application-id`;

GRANT CREATE TABLE ON SCHEMA `main`.`genie_raw` TO `application-id`;

GRANT READ VOLUME ON SCHEMA `main`.`genie_raw` TO `application-id`;

GRANT WRITE VOLUME ON SCHEMA `main`.`genie_raw` TO `application-id`;

GRANT USE SCHEMA ON SCHEMA `main`.`ledger` TO `application-id`;

GRANT SELECT ON SCHEMA `main`.`ledger` TO `application-id`;

GRANT MODIFY ON SCHEMA `main`.`ledger` TO `application-id`;

GRANT CREATE TABLE ON SCHEMA `main`.`ledger` TO `application-id`;

GRANT USE SCHEMA ON SCHEMA `main`.`genie_bronze` TO `application-id`;

GRANT SELECT ON SCHEMA `main`.`genie_bronze` TO `application-id`;

GRANT MODIFY ON SCHEMA `main`.`genie_bronze` TO `application-id`;

GRANT CREATE TABLE ON SCHEMA `main`.`genie_bronze` TO `application-id`;

GRANT USE SCHEMA ON SCHEMA `main`.`genie_silver` TO `application-id`;

GRANT SELECT ON SCHEMA `main`.`genie_silver` TO `application-id`;

GRANT MODIFY ON SCHEMA `main`.`genie_silver` TO `application-id`;

GRANT CREATE TABLE ON SCHEMA `main`.`genie_silver` TO `application-id`;

GRANT USE SCHEMA ON SCHEMA `main`.`ml_staging` TO `application-id`;

GRANT SELECT ON SCHEMA `main`.`ml_staging` TO `application-id`;

GRANT MODIFY ON SCHEMA `main`.`ml_staging` TO `application-id`;

GRANT CREATE TABLE ON SCHEMA `main`.`ml_staging` TO `application-id`;

GRANT USE SCHEMA ON SCHEMA `main`.`ml_training` TO `application-id`;

GRANT SELECT ON SCHEMA `main`.`ml_training` TO `application-id`;

GRANT MODIFY ON SCHEMA `main`.`ml_training` TO `application-id`;

GRANT CREATE TABLE ON SCHEMA `main`.`ml_training` TO `application-id`;

GRANT USE SCHEMA ON SCHEMA `main`.`dbt_test__audit` TO `application-id`;

GRANT SELECT ON SCHEMA `main`.`dbt_test__audit` TO `application-id`;

GRANT MODIFY ON SCHEMA `main`.`dbt_test__audit` TO `application-id`;

GRANT CREATE TABLE ON SCHEMA `main`.`dbt_test__audit` TO `application-id`;

GRANT USE SCHEMA ON SCHEMA `main`.`genie_analytics` TO `application-id`;

GRANT SELECT ON SCHEMA `main`.`genie_analytics` TO `application-id`;

GRANT MODIFY ON SCHEMA `main`.`genie_analytics` TO `application-id`;

GRANT CREATE TABLE ON SCHEMA `main`.`genie_analytics` TO `application-id`;

GRANT USE CATALOG ON CATALOG `main` TO `readers`;

GRANT USE SCHEMA ON SCHEMA `main`.`genie_analytics` TO `readers`;

GRANT SELECT ON SCHEMA `main`.`genie_analytics` TO `readers`;
