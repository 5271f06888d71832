//! One error for every HTTP handler: kind to status once, a stable code, words in both languages.

use axum::Json;
use axum::extract::rejection::{BytesRejection, JsonRejection, PathRejection, QueryRejection};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use shanshui_domain::act::case::Refused;
use shanshui_domain::sense::eye::camera::CameraFault;
use shanshui_domain::sense::eye::event::Refusal;
use shanshui_domain::sense::eye::visit::VisitFault;
use shanshui_store::StoreError;

use crate::http::view::{Problem, Words};

/// Why a request was not served.
#[derive(Debug)]
pub enum ApiError {
    /// Nobody is logged in.
    Unauthenticated,
    /// The login failed: unknown name, wrong password and disabled account sound the same.
    BadLogin,
    /// The caller's role may not do this.
    Forbidden,
    /// There is no such thing, or it is not the caller's to see.
    NotFound,
    /// What is asked for needs something that the city pack has not: what is lacking.
    Lacking(Words),
    /// Somebody else was faster; read again.
    Conflict(String),
    /// There is one already.
    Exists(String),
    /// A password that somebody else gave comes first.
    MustChangePassword,
    /// The password is right, and a code of the authenticator is needed too.
    NeedsCode,
    /// The code of the authenticator is wrong, old, or used already.
    BadCode,
    /// A second factor that this person must have comes first.
    MustEnrol,
    /// A password that is not taken, and why.
    WeakPassword(Words),
    /// One person would hold what must be held apart.
    Apart,
    /// Too many tries in a short time.
    TooMany,
    /// Too many requests in a short time; seconds to wait.
    TooOften(u64),
    /// The request is wrong: field and reason.
    BadRequest(String),
    /// The same in words for whoever filled in a form.
    BadField(Words),
    /// The rules refuse it.
    Refused(Refused),
    /// The body is too large.
    TooLarge,
    /// Devices' commands are switched off, or the device is not connected.
    Unavailable(String),
    /// New data cannot be made durable at present.
    NotWritable(String),
    /// The database cannot be reached at present.
    NoDatabase(String),
    /// A template that is not taken, and why.
    BadTemplate(Words),
    /// There is no program that makes PDF.
    NoConverter(String),
    /// The program that makes PDF failed.
    NotConverted(String),
    /// A chain is broken, and nothing is appended to it.
    ChainBroken(String),
    /// What is there now does not allow it, and why.
    NotNow(Words),
    /// There is no present picture of a camera, and why.
    Blind(Words),
    /// A fence that is not taken: which corner, and why.
    BadFence(Words),
    /// A loudspeaker was not reached, and why.
    NotHeard(Words),
    /// A fault of ours; the detail goes to the log only.
    Internal(anyhow::Error),
}

impl ApiError {
    /// A wrong field of a request.
    pub fn field(name: &str, reason: impl std::fmt::Display) -> Self {
        Self::BadRequest(format!("{name}: {reason}"))
    }

    fn parts(&self) -> (StatusCode, &'static str, &'static str, &'static str) {
        match self {
            Self::Unauthenticated => (StatusCode::UNAUTHORIZED, "unauthenticated", "请先登录", "please log in"),
            Self::BadLogin => (StatusCode::UNAUTHORIZED, "bad_login", "用户名或密码不正确", "wrong name or password"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "forbidden", "您没有此项权限", "you may not do this"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found", "没有找到", "not found"),
            Self::Lacking(_) => {
                (StatusCode::NOT_FOUND, "lacking", "城市包缺少所需内容", "the city pack lacks what this needs")
            }
            Self::Conflict(_) => (
                StatusCode::CONFLICT,
                "conflict",
                "内容已被他人更新，请刷新后重试",
                "changed by somebody else; reload and try again",
            ),
            Self::Exists(_) => (StatusCode::CONFLICT, "exists", "已经存在，不能重复登记", "is there already"),
            Self::MustChangePassword => (
                StatusCode::FORBIDDEN,
                "must_change_password",
                "请先修改初始密码",
                "change the password that you were given first",
            ),
            Self::NeedsCode => {
                (StatusCode::UNAUTHORIZED, "needs_code", "请输入动态验证码", "give the code of your authenticator too")
            }
            Self::BadCode => (
                StatusCode::UNAUTHORIZED,
                "bad_code",
                "动态验证码不正确或已使用",
                "the code is wrong, old, or used already",
            ),
            Self::MustEnrol => {
                (StatusCode::FORBIDDEN, "must_enrol", "管理员须先启用动态验证码", "set up a second factor first")
            }
            Self::WeakPassword(_) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "weak_password", "密码不符合要求", "the password is not taken")
            }
            Self::Apart => (
                StatusCode::CONFLICT,
                "apart",
                "岗位互斥：管理员须单独任职，三员不得由一人兼任",
                "these posts exclude one another: an administrator holds nothing else",
            ),
            Self::TooMany => {
                (StatusCode::TOO_MANY_REQUESTS, "too_many", "尝试次数过多，请稍后再试", "too many tries; wait a minute")
            }
            Self::TooOften(_) => (
                StatusCode::TOO_MANY_REQUESTS,
                "too_often",
                "请求过于频繁，请稍后再试",
                "too many requests; wait a little",
            ),
            Self::BadRequest(_) | Self::BadField(_) => {
                (StatusCode::BAD_REQUEST, "bad_request", "请求内容有误", "the request is wrong")
            }
            Self::Refused(_) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "refused", "当前状态不允许此操作", "the rules refuse this")
            }
            Self::NotNow(_) => (StatusCode::CONFLICT, "not_now", "当前状态不允许此操作", "not possible now"),
            Self::Blind(_) => {
                (StatusCode::SERVICE_UNAVAILABLE, "eye.blind", "摄像机当前无画面", "there is no present picture")
            }
            Self::BadFence(_) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "eye.fence", "围栏无法使用", "the fence is not taken")
            }
            Self::NotHeard(_) => {
                (StatusCode::BAD_GATEWAY, "eye.voice", "喇叭未播出", "the loudspeaker was not reached")
            }
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too_large", "文件过大", "the file is too large"),
            Self::Unavailable(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "设备未连接或反控未开启",
                "device not connected, or commands are off",
            ),
            Self::NotWritable(_) => (
                StatusCode::INSUFFICIENT_STORAGE,
                "not_writable",
                "磁盘已满或不可写，暂停接收",
                "the disk is full or not writable",
            ),
            Self::NoDatabase(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "no_database",
                "数据库暂时无法连接，请稍后重试",
                "the database cannot be reached; try again soon",
            ),
            Self::BadTemplate(_) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "bad_template", "模板不能使用", "the template is not taken")
            }
            Self::NoConverter(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "no_converter",
                "本机没有PDF转换程序：请安装LibreOffice（Debian软件包libreoffice-writer-nogui），或在配置report.pdf_command中指定；可先下载DOCX",
                "no program here makes PDF: install LibreOffice (Debian: libreoffice-writer-nogui) or name one in report.pdf_command; \
                 the DOCX can be had at once",
            ),
            Self::NotConverted(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "not_converted",
                "PDF转换失败或超时；可先下载DOCX",
                "the conversion to PDF failed or took too long; the DOCX can be had at once",
            ),
            Self::ChainBroken(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "chain_broken",
                "留痕链已断开，只能查看；请联系审计管理员核查",
                "the chain of records is broken and can only be read; tell the audit administrator",
            ),
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal", "服务器内部错误", "internal error"),
        }
    }

    fn detail(&self) -> String {
        match self {
            Self::Conflict(d)
            | Self::Exists(d)
            | Self::BadRequest(d)
            | Self::Unavailable(d)
            | Self::NotWritable(d)
            | Self::NoConverter(d)
            | Self::NotConverted(d)
            | Self::ChainBroken(d) => d.clone(),
            Self::Refused(r) => r.to_string(),
            _ => String::new(),
        }
    }

    fn title(&self, zh: &str, en: &str) -> Words {
        match self {
            Self::Refused(refused) => refused_words(refused),
            Self::WeakPassword(why)
            | Self::Lacking(why)
            | Self::BadTemplate(why)
            | Self::NotNow(why)
            | Self::Blind(why)
            | Self::BadField(why)
            | Self::BadFence(why)
            | Self::NotHeard(why) => why.clone(),
            Self::BadRequest(detail) => Words { zh: format!("{zh}：{detail}"), en: format!("{en}: {detail}") },
            _ => Words { zh: zh.into(), en: en.into() },
        }
    }
}

fn eye_words(refusal: Refusal) -> Words {
    let zh = match refusal {
        Refusal::Beginning => "事件只能开始一次",
        Refusal::Ended => "事件已经结束",
        Refusal::Lasts => "人还在现场，事件尚未结束",
        Refusal::NoDoubt => "该事件没有存疑数据",
        Refusal::Settled => "存疑已处理，不能再改",
        Refusal::Nobody => "请填写理由",
        Refusal::HasCase => "已经立案",
        Refusal::NoFile => "没有这个文件，或已过保存期",
    };
    Words { zh: zh.into(), en: refusal.to_string() }
}

pub(crate) fn camera_words(fault: CameraFault) -> Words {
    let zh = match fault {
        CameraFault::Code => "编号：1至40位字母、数字或短横线",
        CameraFault::Name => "名称：1至60字，中英文都要填写",
        CameraFault::Fps => "分析帧率：大于0，至多每秒25帧",
        CameraFault::Width => "分析画面宽度：160至1920像素",
        CameraFault::Address => "视频地址：除自绘演示摄像机外都须填写",
    };
    Words { zh: zh.into(), en: fault.to_string() }
}

fn visit_words(fault: VisitFault) -> Words {
    let zh = match fault {
        VisitFault::Span => "来访时段须在7天以内，结束晚于开始",
        VisitFault::Empty => "请填写来访人、单位和事由",
        VisitFault::Decided => "该报备已经处理",
        VisitFault::Own => "报备人不能审批自己的报备",
        VisitFault::Over => "来访时段已过，不能事后审批",
        VisitFault::Unsaid => "驳回须写明理由",
        VisitFault::Others => "只有报备人或审批人可以取消",
    };
    Words { zh: zh.into(), en: fault.to_string() }
}

fn refused_words(refused: &Refused) -> Words {
    let zh = match refused {
        Refused::State { .. } => "案件当前状态不允许此操作",
        Refused::Beginning => "案件只能立案一次",
        Refused::NoEvidence(_) => "至少需要一份证据",
        Refused::SamePerson => "反馈人不能核查自己的办理结果",
        Refused::NotAssignee => "只有承办人可以反馈",
        Refused::DueInThePast => "办理期限不能早于现在",
        Refused::NoTitle => "请填写案件标题",
    };
    Words { zh: zh.into(), en: refused.to_string() }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        match &self {
            Self::Internal(error) => tracing::error!(error = format!("{error:#}"), "request failed"),
            Self::NoDatabase(why) => tracing::warn!(why, "request failed"),
            Self::ChainBroken(what) => tracing::error!(what, "request failed"),
            _ => {}
        }
        let (status, code, zh, en) = self.parts();
        let body =
            Problem { code: code.into(), status: status.as_u16(), title: self.title(zh, en), detail: self.detail() };
        let mut response = (status, [("content-type", "application/problem+json")], Json(body)).into_response();
        let wait = match &self {
            Self::NoDatabase(_) => Some(5),
            Self::TooOften(seconds) => Some(*seconds),
            _ => None,
        };
        if let Some(seconds) = wait {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::NotFound,
            StoreError::Forbidden => Self::Forbidden,
            StoreError::Apart => Self::Apart,
            StoreError::NoTree(fault) => Self::field("parent", fault),
            StoreError::Conflict => Self::Conflict("version moved".into()),
            StoreError::Refused(refused) => Self::Refused(refused),
            StoreError::Desk(refusal) => Self::Conflict(refusal.to_string()),
            StoreError::Eye(refusal) => Self::NotNow(eye_words(refusal)),
            StoreError::Visit(fault) => Self::NotNow(visit_words(fault)),
            error @ (StoreError::Full(_) | StoreError::Busy) => Self::NotWritable(error.to_string()),
            StoreError::Unavailable(why) => Self::NoDatabase(why),
            StoreError::Chain { what, .. } => Self::ChainBroken(what),
            other => Self::Internal(other.into()),
        }
    }
}

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            _ => Self::BadRequest(rejection.body_text()),
        }
    }
}

impl From<BytesRejection> for ApiError {
    fn from(rejection: BytesRejection) -> Self {
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            _ => Self::BadRequest(rejection.body_text()),
        }
    }
}

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> Self {
        Self::BadRequest(rejection.body_text())
    }
}

impl From<PathRejection> for ApiError {
    /// An id that cannot be read is the id of nothing.
    fn from(_: PathRejection) -> Self {
        Self::NotFound
    }
}

impl From<anyhow::Error> for ApiError {
    fn from(error: anyhow::Error) -> Self {
        Self::Internal(error)
    }
}
