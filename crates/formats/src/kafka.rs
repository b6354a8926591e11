//! KAFKA: one value as Kafka's own serializers write it: numbers big-endian, texts in UTF-8, bytes as they are.

use arrow::{
    array::{Array, ArrayRef, AsArray, BooleanArray},
    datatypes::{Float64Type, Int32Type, Int64Type},
};
use weir_catalog::{Column as Declared, SqlType};

use crate::{
    BadRecord, ColumnRequest, Decoded, Error, Misfit,
    column::{Column, Value},
};

#[derive(Debug)]
pub struct KafkaDecoder {
    columns: Vec<Column>,
    types: Vec<SqlType>,
    names: Vec<String>,
}

impl KafkaDecoder {
    pub fn try_new(declared: &[Declared], requests: &[ColumnRequest]) -> Result<Self, Error> {
        check(declared)?;
        Ok(Self {
            columns: requests
                .iter()
                .map(|request| Column::new(&request.sql_type))
                .collect(),
            types: requests
                .iter()
                .map(|request| request.sql_type.clone())
                .collect(),
            names: requests
                .iter()
                .map(|request| request.path.join("->"))
                .collect(),
        })
    }

    pub fn decode(&mut self, records: &[Option<&[u8]>]) -> Decoded {
        let mut misfits = Vec::new();
        for (row, bytes) in records.iter().enumerate() {
            let Some(bytes) = bytes else { continue };
            for (index, column) in self.columns.iter_mut().enumerate() {
                if let Err(message) = push(bytes, &self.types[index], column, row) {
                    let reason = BadRecord::new(
                        "type_mismatch",
                        format!(
                            "`{}` {message}, but has {} bytes",
                            self.names[index],
                            bytes.len()
                        ),
                    );
                    misfits.push(Misfit {
                        row,
                        column: Some(index),
                        reason,
                    });
                }
            }
        }
        let columns = self
            .columns
            .iter_mut()
            .zip(&self.types)
            .map(|(column, sql_type)| column.finish(records.len(), sql_type))
            .collect();
        let is_null: Vec<bool> = records.iter().map(Option::is_none).collect();
        Decoded {
            columns,
            is_null: BooleanArray::from(is_null),
            misfits,
        }
    }
}

fn check(columns: &[Declared]) -> Result<(), Error> {
    if columns.len() > 1 {
        return Err(Error {
            message: "The 'KAFKA' format only supports a single field.".to_owned(),
        });
    }
    Ok(())
}

fn push(
    bytes: &[u8],
    sql_type: &SqlType,
    column: &mut Column,
    row: usize,
) -> Result<(), &'static str> {
    match sql_type {
        SqlType::Integer => {
            let bytes = bytes.try_into().map_err(|_| "is an INTEGER of 4 bytes")?;
            column.push(row, Value::Int32(i32::from_be_bytes(bytes)));
        }
        SqlType::BigInt => {
            let bytes = bytes.try_into().map_err(|_| "is a BIGINT of 8 bytes")?;
            column.push(row, Value::Int64(i64::from_be_bytes(bytes)));
        }
        SqlType::Double => {
            let bytes = bytes.try_into().map_err(|_| "is a DOUBLE of 8 bytes")?;
            column.push(row, Value::Double(f64::from_be_bytes(bytes)));
        }
        SqlType::String => {
            column.push(row, Value::Bytes(String::from_utf8_lossy(bytes).as_bytes()))
        }
        SqlType::Bytes => column.push(row, Value::Bytes(bytes)),
        _ => return Err("is of a type that the 'KAFKA' format has not"),
    }
    Ok(())
}

#[derive(Debug)]
pub struct KafkaEncoder {
    sql_type: SqlType,
}

impl KafkaEncoder {
    pub fn try_new(columns: &[Declared]) -> Result<Self, Error> {
        check(columns)?;
        match columns.first() {
            Some(column) => Ok(Self {
                sql_type: column.sql_type.clone(),
            }),
            None => Err(Error {
                message: "The 'KAFKA' format needs a field.".to_owned(),
            }),
        }
    }

    /// False for a NULL: null bytes.
    pub fn write(
        &self,
        arrays: &[ArrayRef],
        row: usize,
        out: &mut Vec<u8>,
    ) -> Result<bool, BadRecord> {
        let array = &arrays[0];
        if array.is_null(row) {
            return Ok(false);
        }
        match self.sql_type {
            SqlType::Integer => {
                out.extend_from_slice(&array.as_primitive::<Int32Type>().value(row).to_be_bytes())
            }
            SqlType::BigInt => {
                out.extend_from_slice(&array.as_primitive::<Int64Type>().value(row).to_be_bytes())
            }
            SqlType::Double => {
                out.extend_from_slice(&array.as_primitive::<Float64Type>().value(row).to_be_bytes())
            }
            SqlType::String => {
                out.extend_from_slice(array.as_string::<i32>().value(row).as_bytes())
            }
            SqlType::Bytes => out.extend_from_slice(array.as_binary::<i32>().value(row)),
            ref other => {
                return Err(BadRecord::new(
                    "type_mismatch",
                    format!("the 'KAFKA' format has no {other}"),
                ));
            }
        }
        Ok(true)
    }
}
