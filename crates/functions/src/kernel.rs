//! The frame of every operator and function: a kernel computes a column from columns, DataFusion sees a scalar UDF.
//!
//! **Invariant:** a kernel is total. It has no error for a row; its `Err` means that the plan is wrong, never the data.

use std::{
    fmt::Debug,
    hash::{Hash, Hasher},
    sync::Arc,
};

use arrow::{
    array::{Array, ArrayRef, AsArray, StringArray, UInt32Array, new_null_array},
    buffer::{BooleanBuffer, NullBuffer},
    compute::take,
    datatypes::{DataType, Field, FieldRef, Int32Type, Int64Type},
};
use datafusion_common::{Result, ScalarValue, internal_err};
use datafusion_expr::{
    ColumnarValue, Expr, ExpressionPlacement, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF,
    ScalarUDFImpl, Signature, Volatility,
};

/// What an operator computes. Two kernels that are equal compute the same of the same arguments.
pub trait Kernel: Debug + Eq + Hash + Send + Sync + 'static {
    /// As EXPLAIN prints it.
    fn name(&self) -> &str;

    /// The call as EXPLAIN prints it, if not `name(arguments)`. It must differ for kernels that compute different things:
    /// DataFusion tells columns apart by it.
    fn display(&self, _arguments: &[String]) -> Option<String> {
        None
    }

    fn returns(&self, arguments: &[DataType]) -> Result<DataType>;

    /// False for predicates: they are two-valued.
    fn is_nullable(&self) -> bool {
        true
    }

    fn volatility(&self) -> Volatility {
        Volatility::Immutable
    }

    /// Where the optimizer should put it; only access to a member is worth moving.
    fn placement(&self, _arguments: &[ExpressionPlacement]) -> ExpressionPlacement {
        ExpressionPlacement::KeepInPlace
    }

    fn evaluate(&self, call: &Call) -> Result<ArrayRef>;
}

/// An expression that calls `kernel`.
pub fn call(kernel: impl Kernel, arguments: Vec<Expr>) -> Expr {
    udf(kernel).call(arguments)
}

pub fn udf<K: Kernel>(kernel: K) -> ScalarUDF {
    let signature = Signature::user_defined(kernel.volatility());
    ScalarUDF::new_from_impl(KernelUdf { kernel, signature })
}

/// The kernel of `udf` if it is a `K`.
pub fn kernel_of<K: Kernel>(udf: &ScalarUDF) -> Option<&K> {
    let udf = udf.inner().downcast_ref::<KernelUdf<K>>()?;
    Some(&udf.kernel)
}

/// The arguments of one evaluation over a batch.
#[derive(Debug)]
pub struct Call {
    pub arguments: Vec<Argument>,
    /// 1 if all arguments are constant.
    pub rows: usize,
    pub returns: DataType,
}

impl Call {
    pub fn argument(&self, index: usize) -> Result<&Argument> {
        match self.arguments.get(index) {
            Some(argument) => Ok(argument),
            None => internal_err!("argument {index} is missing"),
        }
    }

    /// The arguments with a value for each row.
    pub fn columns(&self) -> Result<Vec<ArrayRef>> {
        let arguments = self.arguments.iter();
        arguments
            .map(|argument| argument.to_column(self.rows))
            .collect()
    }

    /// The rows in which no argument is NULL; `None`: all.
    pub fn validity(&self) -> Option<NullBuffer> {
        let all = self
            .arguments
            .iter()
            .map(|argument| argument.validity(self.rows));
        all.fold(None, |left, right| {
            NullBuffer::union(left.as_ref(), right.as_ref())
        })
    }
}

/// A column, or one value for all rows.
#[derive(Debug, Clone)]
pub struct Argument {
    array: ArrayRef,
    /// 0 if the array holds one value for all rows, so that `row * step` is the place to look.
    step: usize,
}

impl Argument {
    pub fn column(array: ArrayRef) -> Self {
        Self { array, step: 1 }
    }

    pub fn constant(array: ArrayRef) -> Self {
        Self { array, step: 0 }
    }

    pub fn is_constant(&self) -> bool {
        self.step == 0
    }

    /// One value if constant, else one for each row.
    pub fn array(&self) -> &ArrayRef {
        &self.array
    }

    pub fn data_type(&self) -> &DataType {
        self.array.data_type()
    }

    /// The place of `row` in [`Argument::array`].
    #[inline]
    pub fn index(&self, row: usize) -> usize {
        row * self.step
    }

    pub fn is_null(&self, row: usize) -> bool {
        self.array.is_null(self.index(row))
    }

    /// Which of `rows` rows are there; `None`: all.
    pub fn validity(&self, rows: usize) -> Option<NullBuffer> {
        if self.is_constant() {
            return self.array.is_null(0).then(|| NullBuffer::new_null(rows));
        }
        self.array.logical_nulls()
    }

    /// A value for each row.
    pub fn to_column(&self, rows: usize) -> Result<ArrayRef> {
        if !self.is_constant() {
            return Ok(self.array.clone());
        }
        if self.array.is_null(0) {
            return Ok(new_null_array(self.data_type(), rows));
        }
        let zeroes = UInt32Array::from_value(0, rows);
        Ok(take(&self.array, &zeroes, None)?)
    }

    /// `row` of an INTEGER or BIGINT argument; `None` if it is NULL.
    pub fn integer(&self, row: usize) -> Option<i64> {
        let index = self.index(row);
        if self.array.is_null(index) {
            return None;
        }
        match self.array.as_primitive_opt::<Int32Type>() {
            Some(integers) => Some(i64::from(integers.value(index))),
            None => Some(self.array.as_primitive_opt::<Int64Type>()?.value(index)),
        }
    }

    /// `row` of a BYTES argument; `None` if it is NULL.
    pub fn bytes(&self, row: usize) -> Option<&[u8]> {
        let index = self.index(row);
        let bytes = self.array.as_binary_opt::<i32>()?;
        bytes.is_valid(index).then(|| bytes.value(index))
    }

    pub fn strings(&self) -> Result<Strings<'_>> {
        match self.array.as_string_opt::<i32>() {
            Some(array) => Ok(Strings {
                array,
                step: self.step,
            }),
            None => internal_err!("expected a STRING, got {}", self.data_type()),
        }
    }
}

/// An argument that is known to be STRING.
#[derive(Debug, Clone, Copy)]
pub struct Strings<'a> {
    pub array: &'a StringArray,
    step: usize,
}

impl<'a> Strings<'a> {
    pub fn get(&self, row: usize) -> Option<&'a str> {
        let index = row * self.step;
        self.array.is_valid(index).then(|| self.array.value(index))
    }

    /// The value, or what is under a NULL.
    #[inline]
    pub fn value(&self, row: usize) -> &'a str {
        self.array.value(row * self.step)
    }
}

/// `truth`, but FALSE where `validity` says NULL.
pub fn false_where_null(truth: BooleanBuffer, validity: Option<NullBuffer>) -> BooleanBuffer {
    match validity {
        Some(validity) => &truth & validity.inner(),
        None => truth,
    }
}

#[derive(Debug)]
struct KernelUdf<K> {
    kernel: K,
    signature: Signature,
}

impl<K: Kernel> PartialEq for KernelUdf<K> {
    fn eq(&self, other: &Self) -> bool {
        self.kernel == other.kernel
    }
}

impl<K: Kernel> Eq for KernelUdf<K> {}

impl<K: Kernel> Hash for KernelUdf<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.kernel.hash(state);
    }
}

impl<K: Kernel> ScalarUDFImpl for KernelUdf<K> {
    fn name(&self) -> &str {
        self.kernel.name()
    }

    fn display_name(&self, arguments: &[Expr]) -> Result<String> {
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        Ok(display(&self.kernel, &arguments))
    }

    fn schema_name(&self, arguments: &[Expr]) -> Result<String> {
        let names = arguments
            .iter()
            .map(|argument| argument.schema_name().to_string());
        Ok(display(&self.kernel, &names.collect::<Vec<_>>()))
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        // The binder has already inserted the casts.
        Ok(types.to_vec())
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.kernel.returns(types)
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs) -> Result<FieldRef> {
        let types: Vec<DataType> = arguments
            .arg_fields
            .iter()
            .map(|field| field.data_type().clone())
            .collect();
        let returns = self.kernel.returns(&types)?;
        let is_nullable = self.kernel.is_nullable();
        Ok(Arc::new(Field::new(self.name(), returns, is_nullable)))
    }

    fn placement(&self, arguments: &[ExpressionPlacement]) -> ExpressionPlacement {
        self.kernel.placement(arguments)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        // What answers otherwise each time does so for each row.
        let is_constant = self.signature.volatility != Volatility::Volatile
            && arguments
                .args
                .iter()
                .all(|argument| matches!(argument, ColumnarValue::Scalar(_)));
        let rows = if is_constant {
            1
        } else {
            arguments.number_rows
        };
        let call = Call {
            arguments: arguments
                .args
                .into_iter()
                .map(Argument::try_from)
                .collect::<Result<_>>()?,
            rows,
            returns: arguments.return_field.data_type().clone(),
        };
        let result = self.kernel.evaluate(&call)?;
        if is_constant {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(
                &result, 0,
            )?));
        }
        Ok(ColumnarValue::Array(result))
    }
}

fn display(kernel: &impl Kernel, arguments: &[String]) -> String {
    let plain = || format!("{}({})", kernel.name(), arguments.join(", "));
    kernel.display(arguments).unwrap_or_else(plain)
}

impl TryFrom<ColumnarValue> for Argument {
    type Error = datafusion_common::DataFusionError;

    fn try_from(value: ColumnarValue) -> Result<Self> {
        Ok(match value {
            ColumnarValue::Array(array) => Self::column(array),
            ColumnarValue::Scalar(scalar) => Self::constant(scalar.to_array()?),
        })
    }
}
