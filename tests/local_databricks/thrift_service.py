"""The part of Databricks' Thrift protocol that databricks-sql-connector speaks.

Method names are the protocol's. Every answer is complete: rows come with the answer to a statement.
"""

from __future__ import annotations

import logging
import time
import uuid
from typing import Any

import pyarrow as pa
from databricks.sql.thrift_api.TCLIService import ttypes as t
from pyspark.errors import PySparkException
from pyspark.sql import types as spark

from local_databricks.engine import Engine, Parameters, Result, Session

log = logging.getLogger(__name__)

OK = t.TStatus(statusCode=t.TStatusCode.SUCCESS_STATUS)
PROTOCOL = t.TProtocolVersion.SPARK_CLI_SERVICE_PROTOCOL_V7
TYPES = {
    spark.BooleanType: t.TTypeId.BOOLEAN_TYPE,
    spark.ByteType: t.TTypeId.TINYINT_TYPE,
    spark.ShortType: t.TTypeId.SMALLINT_TYPE,
    spark.IntegerType: t.TTypeId.INT_TYPE,
    spark.LongType: t.TTypeId.BIGINT_TYPE,
    spark.FloatType: t.TTypeId.FLOAT_TYPE,
    spark.DoubleType: t.TTypeId.DOUBLE_TYPE,
    spark.DecimalType: t.TTypeId.DECIMAL_TYPE,
    spark.DateType: t.TTypeId.DATE_TYPE,
    spark.TimestampType: t.TTypeId.TIMESTAMP_TYPE,
    spark.TimestampNTZType: t.TTypeId.TIMESTAMP_TYPE,
    spark.BinaryType: t.TTypeId.BINARY_TYPE,
    spark.ArrayType: t.TTypeId.ARRAY_TYPE,
    spark.MapType: t.TTypeId.MAP_TYPE,
    spark.StructType: t.TTypeId.STRUCT_TYPE,
    spark.NullType: t.TTypeId.NULL_TYPE,
}
_LOGGED_CHARACTERS = 3000


class ThriftService:
    """Answers the requests of a client."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._sessions: dict[bytes, Session] = {}

    def OpenSession(self, request: Any) -> Any:  # noqa: N802
        """Open a session of Spark."""
        namespace = request.initialNamespace
        catalog = namespace.catalogName if namespace else None
        key = uuid.uuid4().bytes
        self._sessions[key] = self._engine.open_session(request.configuration or {}, catalog)
        return t.TOpenSessionResp(
            status=OK,
            serverProtocolVersion=PROTOCOL,
            sessionHandle=t.TSessionHandle(t.THandleIdentifier(key, key), PROTOCOL),
            initialNamespace=namespace,
            canUseMultipleCatalogs=True,
            configuration={},
        )

    def CloseSession(self, request: Any) -> Any:  # noqa: N802
        """Forget a session."""
        self._sessions.pop(request.sessionHandle.sessionId.guid, None)
        return t.TCloseSessionResp(OK)

    def CloseOperation(self, _: Any) -> Any:  # noqa: N802
        """Do nothing: answers are complete."""
        return t.TCloseOperationResp(OK)

    def CancelOperation(self, _: Any) -> Any:  # noqa: N802
        """Do nothing: answers are complete."""
        return t.TCancelOperationResp(OK)

    def ExecuteStatement(self, request: Any) -> Any:  # noqa: N802
        """Run a statement and answer with its rows, or with what was wrong."""
        session = self._sessions[request.sessionHandle.sessionId.guid]
        key = uuid.uuid4().bytes
        handle = t.TOperationHandle(
            t.THandleIdentifier(key, key), t.TOperationType.EXECUTE_STATEMENT, True
        )
        started, told = time.monotonic(), request.statement.strip()[:_LOGGED_CHARACTERS]
        try:
            result = self._engine.run(session, request.statement, _parameters(request.parameters))
            answer = _rows(result)
        except Exception as error:  # noqa: BLE001 - told in the answer
            reason = self._engine.names.from_spark(str(error))
            log.info("FAILED %.2fs %s\n%s", time.monotonic() - started, told, reason)
            answer = t.TSparkDirectResults(operationStatus=_failure(error, reason))
        else:
            log.info("OK %.2fs %s", time.monotonic() - started, told)
        return t.TExecuteStatementResp(status=OK, operationHandle=handle, directResults=answer)


def _parameters(given: Any) -> Parameters:
    if not given:
        return None
    values = [_value(parameter.value) for parameter in given]
    if given[0].name:
        return dict(zip((parameter.name for parameter in given), values, strict=True))
    return values


def _value(value: Any) -> Any:
    if value is None:
        return None
    kinds = (value.stringValue, value.doubleValue, value.booleanValue)
    return next((kind for kind in kinds if kind is not None), None)


def _failure(error: Exception, reason: str) -> Any:
    state = error.getSqlState() if isinstance(error, PySparkException) else None
    return t.TGetOperationStatusResp(
        status=OK,
        operationState=t.TOperationState.ERROR_STATE,
        errorMessage=reason,
        displayMessage=reason,
        sqlState=state or "HY000",
    )


def _rows(result: Result) -> Any:
    rows = result.rows
    fields = result.types.fields if result.types else [_field(field) for field in rows.schema]
    columns = [_column(position, field) for position, field in enumerate(fields, start=1)]
    batches = [
        t.TSparkArrowBatch(batch.serialize().to_pybytes(), batch.num_rows)
        for batch in rows.combine_chunks().to_batches()
    ]
    return t.TSparkDirectResults(
        operationStatus=t.TGetOperationStatusResp(
            status=OK, operationState=t.TOperationState.FINISHED_STATE, hasResultSet=True
        ),
        resultSetMetadata=t.TGetResultSetMetadataResp(
            status=OK,
            schema=t.TTableSchema(columns),
            resultFormat=t.TSparkRowSetType.ARROW_BASED_SET,
            lz4Compressed=False,
            arrowSchema=rows.schema.serialize().to_pybytes(),
            isStagingOperation=False,
        ),
        resultSet=t.TFetchResultsResp(
            status=OK,
            hasMoreRows=False,
            results=t.TRowSet(startRowOffset=0, rows=[], arrowBatches=batches),
        ),
        closeOperation=t.TCloseOperationResp(OK),
    )


def _field(field: pa.Field) -> spark.StructField:
    """Return the type of a column that is not of a query: text, or what SHOW tells besides."""
    if pa.types.is_boolean(field.type):
        return spark.StructField(field.name, spark.BooleanType())
    if pa.types.is_integer(field.type):
        return spark.StructField(field.name, spark.LongType())
    return spark.StructField(field.name, spark.StringType())


def _column(position: int, field: spark.StructField) -> Any:
    kind, qualifiers = field.dataType, None
    if isinstance(kind, spark.DecimalType):
        sizes = {"precision": kind.precision, "scale": kind.scale}
        qualifiers = t.TTypeQualifiers(
            {name: t.TTypeQualifierValue(i32Value=size) for name, size in sizes.items()}
        )
    entry = t.TPrimitiveTypeEntry(TYPES.get(type(kind), t.TTypeId.STRING_TYPE), qualifiers)
    return t.TColumnDesc(
        columnName=field.name,
        typeDesc=t.TTypeDesc([t.TTypeEntry(primitiveEntry=entry)]),
        position=position,
    )
