-- `genie-setup cleanup` as SQL. It destroys what was landed; what has expired in the system tables
-- since cannot be fetched again.

DROP SCHEMA IF EXISTS `main`.`genie_analytics` CASCADE;

DROP SCHEMA IF EXISTS `main`.`dbt_test__audit` CASCADE;

DROP SCHEMA IF EXISTS `main`.`ml_training` CASCADE;

DROP SCHEMA IF EXISTS `main`.`ml_staging` CASCADE;

DROP SCHEMA IF EXISTS `main`.`genie_silver` CASCADE;

DROP SCHEMA IF EXISTS `main`.`genie_bronze` CASCADE;

DROP SCHEMA IF EXISTS `main`.`ledger` CASCADE;

DROP SCHEMA IF EXISTS `main`.`genie_raw` CASCADE;
